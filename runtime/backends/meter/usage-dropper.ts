import { isJsonObject } from '../translate/json-object.ts';

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const OPEN_BRACE = 123;
/** A chunk of usage is smaller; an unfinished event beyond this is none, and goes on as it comes. */
const HELD = 8_192;
const NOTHING = Buffer.alloc(0);
const MARK = Buffer.from('"usage"');

/**
 * Takes the chunk that tells usage, which the gateway asked for and the caller did not, out of a stream of chat completions: the one
 * without choices. Every other byte stays as it was. An event that is not whole yet waits for its rest, since nobody can read it before.
 * Source: https://platform.openai.com/docs/api-reference/chat/create#chat_create-stream_options
 */
export class UsageDropper {
  /** The unfinished event. Its own memory: a view would keep the whole chunk alive. */
  #held = NOTHING;
  /** In the middle of an event that is too large to be held. */
  #isPassing = false;

  /** Bytes in, bytes to pass on out: the same object where nothing has to be dropped or held. */
  push(chunk: Buffer): Buffer {
    // One event or several whole ones, none of which tells usage: nearly every chunk of a stream.
    if (this.#held.length === 0 && !this.#isPassing && endsEvent(chunk) && !tellsUsage(chunk)) return chunk;
    return this.#sift(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]));
  }

  /** The stream ended: what was held back. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = NOTHING;
    return !this.#isPassing && isUsageChunk(rest) ? NOTHING : rest;
  }

  #sift(bytes: Buffer): Buffer {
    const kept: Buffer[] = [];
    let from = 0;
    let at = 0;
    for (let end = findEventEnd(bytes, at); end !== -1; end = findEventEnd(bytes, at)) {
      if (!this.#isPassing && isUsageChunk(bytes.subarray(at, end))) {
        if (at > from) kept.push(bytes.subarray(from, at));
        from = end;
      }
      this.#isPassing = false;
      at = end;
    }
    if (bytes.length - at > HELD) this.#isPassing = true;
    const until = this.#isPassing ? Math.max(at, bytes.length - 3) : at;
    if (until > from) kept.push(bytes.subarray(from, until));
    this.#held = until === bytes.length ? NOTHING : Buffer.from(bytes.subarray(until));
    return kept.length === 1 ? kept[0] : kept.length === 0 ? NOTHING : Buffer.concat(kept);
  }
}

function endsEvent(chunk: Buffer): boolean {
  const { length } = chunk;
  return chunk[length - 1] === LF && (chunk[length - 2] === LF || (chunk[length - 2] === CR && chunk[length - 3] === LF));
}

/** Behind the blank line that ends the event which begins at `from`; -1 where it has not come whole. */
function findEventEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const next = findLineEnd(bytes, at);
    if (next === -1) return -1;
    const blank = findBlank(bytes, next);
    if (blank > 0) return blank;
    if (blank === -1) return -1;
    at = next;
  }
}

/** Behind the line that begins at `from`. A CR at the very end may be half of its end; then the blank line is looked for again. */
function findLineEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === LF) return at + 1;
    if (byte === CR) return bytes[at + 1] === LF ? at + 2 : at + 1;
  }
  return -1;
}

/** Behind the blank line at `at`; 0 where there is text, -1 where it can't be told yet. */
function findBlank(bytes: Buffer, at: number): number {
  if (at >= bytes.length) return -1;
  if (bytes[at] === LF) return at + 1;
  if (bytes[at] !== CR) return 0;
  return at + 1 === bytes.length ? -1 : bytes[at + 1] === LF ? at + 2 : at + 1;
}

/** A member `usage` that holds an object: the other chunks say `"usage":null`. */
function tellsUsage(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(MARK); at !== -1; at = bytes.indexOf(MARK, at)) {
    at += MARK.length;
    while (bytes[at] === COLON || bytes[at] === SPACE) at++;
    if (bytes[at] === OPEN_BRACE) return true;
  }
  return false;
}

/** Its data is a chunk with an empty list of choices and figures of usage. */
function isUsageChunk(event: Buffer): boolean {
  if (!tellsUsage(event)) return false;
  const lines = event
    .toString()
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'));
  try {
    const chunk: unknown = JSON.parse(lines.map((line) => line.slice(5)).join('\n'));
    return isJsonObject(chunk) && Array.isArray(chunk.choices) && chunk.choices.length === 0 && isJsonObject(chunk.usage);
  } catch {
    return false;
  }
}
