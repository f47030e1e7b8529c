import { IMAGE_TOKENS } from '../../schema/request.ts';
import type { Encoding } from '../../schema/vocabulary.ts';
import { MESSAGE_KEYS, PART_KEYS } from './chat-keys.ts';
import { isImage } from './count-images.ts';
import type { CountMemory } from './count-memory.ts';
import { countMessage, PER_MESSAGE } from './count-message.ts';
import { countString } from './count-string.ts';
import { type Field, KIND } from './fields.ts';
import { isNull } from './read-value.ts';
import type { Request, RequestTokens } from './request.ts';
import { pickFields, scanElements, scanMembers } from './scan.ts';
import type { TextCount } from './tokens/count-text.ts';
import { Tally } from './tokens/tally.ts';

/** Tokens that one image adds, beside the bytes of its address. */
export const MAX_IMAGE_TOKENS = IMAGE_TOKENS;

/** Work that a count may take on the event loop, in bytes that are looked up (see `Tally`): about a millisecond, whatever the text. */
export const WORK_IN_PLACE = 65_536;
/** Bytes that words are looked for in, for a lower bound. */
const WORD_WINDOW = 262_144;
/** SHA-256 takes an eighth of what a look-up takes. */
const HASH_SHIFT = 3;

/** Tokens that open the reply; source as for `countMessage`. */
const REPLY = 3;

/** Bytes of JSON from which a message's count is remembered: below, hashing costs as much as counting. */
const REMEMBER_FROM = 1024;
/** No text worth remembering has more bytes per token than this, so a larger message will end the count early. */
const BYTES_PER_TOKEN = 8;

/**
 * Tokens of a request's input. `low` is what its frame alone costs. `high` is the bytes of the whole body, since no token is
 * shorter than a byte, and `MAX_IMAGE_TOKENS` for each image. Counts are made when `exact` is called, and kept.
 *
 * `work` is how much a count may take here. One that takes more is left open: `exact` answers that the limit is passed, `pending` says
 * what was asked for, and `settle` takes the count that was made elsewhere. Without it every count is made at once.
 */
export function countTokens(request: Request, memory: CountMemory, work = Number.POSITIVE_INFINITY): RequestTokens {
  const { body, fields, buffer, images } = request;
  const chat = body.endpoint === 'chat';
  const input = chat ? undefined : fields.input;
  const given = input === undefined ? null : countTokenArrays(buffer, input);
  const high = given ?? buffer.length + images * MAX_IMAGE_TOKENS;
  const low = given ?? (chat ? PER_MESSAGE * (fields.messages as Field).items + REPLY : 0);
  const counts: { [encoding in Encoding]?: TextCount & { readonly limit: number } } = {};
  let words = -1;

  const self: RequestTokens = {
    low,
    high,
    pending: null,
    atLeast(limit) {
      if (given !== null || !chat || limit <= low) return low;
      if (words < limit - low) words = countWordStarts(request, limit - low);
      return Math.max(low, words + low);
    },
    exact(encoding, limit) {
      if (given !== null) return given;
      const known = counts[encoding];
      // A count that stopped above its limit answers for every lower one.
      if (known !== undefined && (known.tokens <= known.limit || limit <= known.limit)) return known.tokens;
      if (self.pending?.encoding === encoding) {
        self.pending = { encoding, limit: Math.max(limit, self.pending.limit) };
        return limit + 1;
      }
      const tally = new Tally(encoding, limit, work);
      if (chat) countChat(request, encoding, tally, memory);
      else countInput(buffer, input as Field, tally);
      if (tally.isSpent && !tally.isOver) {
        self.pending = { encoding, limit };
        return limit + 1;
      }
      counts[encoding] = { tokens: tally.tokens, exact: tally.exact, limit };
      return tally.tokens;
    },
    settle(count) {
      const asked = self.pending;
      if (asked === null) return;
      self.pending = null;
      // Nobody counted: the byte bound stands, for every limit.
      counts[asked.encoding] =
        count === null ? { tokens: high, exact: false, limit: Number.POSITIVE_INFINITY } : { ...count, limit: asked.limit };
    },
    isExact(encoding) {
      return given !== null || counts[encoding]?.exact === true;
    },
  };
  return self;
}

/**
 * Words of the messages' text, up to a limit: a letter behind a space begins a pre-token in both encodings, so there is a token for
 * each. One look at each byte, where counting merges them.
 */
function countWordStarts({ buffer, fields }: Request, limit: number): number {
  let words = 0;
  let window = WORD_WINDOW;
  for (const start of (fields.messages as Field).objects) {
    const { content } = pickFields(buffer, start, MESSAGE_KEYS);
    if (content === undefined) continue;
    const looked = Math.min(content.end, content.start + window);
    if (content.kind === KIND.STRING) words += countWords(buffer, content.start, looked, limit - words);
    else if (content.kind === KIND.ARRAY) {
      for (const part of content.objects) {
        const { type, text } = pickFields(buffer, part, PART_KEYS);
        if (type?.kind === KIND.STRING && text?.kind === KIND.STRING && !isImage(buffer, part))
          words += countWords(buffer, text.start, Math.min(text.end, text.start + window), limit - words);
      }
    }
    window -= content.end - content.start;
    if (words >= limit || window <= 0) return words;
  }
  return words;
}

/** In JSON a space and an ASCII letter stand for themselves. */
function countWords(buffer: Buffer, start: number, end: number, limit: number): number {
  let words = 0;
  let space = 0;
  for (let at = start; at < end && words < limit; at++) {
    const byte = buffer[at];
    const letter = (byte | 0x20) - 0x61;
    words += space & +(letter >= 0 && letter < 26);
    space = +(byte === 0x20);
  }
  return words;
}

function countChat({ buffer, fields, images }: Request, encoding: Encoding, tally: Tally, memory: CountMemory): void {
  tally.addCount(REPLY + images * MAX_IMAGE_TOKENS, images === 0);
  for (const tools of [fields.tools, fields.functions, fields.response_format]) {
    if (tools !== undefined && !isNull(buffer, tools) && tools.items > 0) tally.addBytes(buffer, tools.start, tools.end);
  }
  for (const start of (fields.messages as Field).objects) {
    if (tally.isDone) return;
    const { members, end } = scanMembers(buffer, start);
    const left = tally.limit - tally.tokens;
    const bytes = end - start;
    const isWorthy = bytes >= REMEMBER_FROM && bytes <= left * BYTES_PER_TOKEN && bytes >> HASH_SHIFT <= tally.work;
    const key = isWorthy ? memory.key(encoding, buffer.subarray(start, end)) : null;
    if (key !== null) tally.spend(bytes >> HASH_SHIFT);
    let count = key === null ? undefined : memory.recall(key);
    if (count === undefined) {
      // A tally of its own, so that a message's count depends on nothing but the message.
      const own = new Tally(encoding, left, tally.work);
      countMessage(buffer, members, own);
      count = { tokens: own.tokens, exact: own.exact };
      // Where there is no bound nothing of it is spent.
      if (Number.isFinite(tally.work)) tally.spend(own.isSpent ? Number.POSITIVE_INFINITY : tally.work - own.work);
      if (key !== null && !own.isDone) memory.remember(key, count);
    }
    tally.addCount(count.tokens, count.exact);
  }
}

function countInput(buffer: Buffer, input: Field, tally: Tally): void {
  const texts = input.kind === KIND.STRING ? [input] : scanElements(buffer, input);
  for (const text of texts) {
    if (tally.isDone) return;
    countString(buffer, text.start + 1, text.end - 1, tally);
  }
}

/** Embedding input that is tokens already says itself how many; null for text. */
function countTokenArrays(buffer: Buffer, input: Field): number | null {
  if (input.itemKinds === KIND.NUMBER) return input.items;
  if (input.itemKinds !== KIND.ARRAY) return null;
  let tokens = 0;
  for (const array of scanElements(buffer, input)) tokens += array.items;
  return tokens;
}
