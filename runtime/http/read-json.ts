import { isUtf8 } from 'node:buffer';
import { MAX_DEPTH, MAX_MEMBERS } from '../intent/scan.ts';

/** Members of all objects of a body: making them an object costs more than their bytes, and the server's one thread. */
export const MOST_MEMBERS = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** In ASCII both closing brackets stand two behind their opening ones. */
const TO_CLOSE = 2;

/**
 * A body as a value, within bounds that every walk over it can bear: at most 64 deep, 10,000 members of an object, 200,000 in all.
 *
 * @throws Error that says, in a few words, what is wrong with the body and where.
 */
export function readJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new Error('the body is not UTF-8');
  checkBounds(body);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Error('the body is no json');
  }
}

/** @throws Error. Looks at brackets and colons alone: whether it is JSON besides is for the parser to say. */
export function checkBounds(body: Buffer): void {
  const members = new Uint32Array(MAX_DEPTH + 1);
  let depth = 0;
  let all = 0;
  let inString = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COLON) {
      if (++members[depth] > MAX_MEMBERS) throw new Error(`the body has an object of more than ${MAX_MEMBERS} members, at byte ${at}`);
      if (++all > MOST_MEMBERS) throw new Error(`the body has more than ${MOST_MEMBERS} members in all, at byte ${at}`);
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) throw new Error(`the body nests more than ${MAX_DEPTH} deep, at byte ${at}`);
      members[depth] = 0;
    } else if ((byte === OPEN_BRACE + TO_CLOSE || byte === OPEN_BRACKET + TO_CLOSE) && depth > 0) depth--;
  }
}
