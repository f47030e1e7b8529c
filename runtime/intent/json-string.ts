const BACKSLASH = 0x5c;
const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
const REPLACEMENT = 0xfffd;

const ESCAPED = new Uint8Array(128);
for (const [char, value] of Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' })) {
  ESCAPED[char.charCodeAt(0)] = value.charCodeAt(0);
}

/**
 * The last place ≤ `at` and ≥ `start` that cuts neither an escape nor a UTF-8 character in two. `start` is the first byte of a
 * string's content. An escape is at most six bytes long, so five bytes without a backslash before a place are proof enough.
 */
export function cutBefore(buffer: Buffer, start: number, at: number): number {
  let cut = at;
  for (let i = at - 1; i >= start && i >= cut - 5; i--) if (buffer[i] === BACKSLASH) cut = i;
  while (cut > start && (buffer[cut] & 0xc0) === 0x80) cut--;
  return cut;
}

export function hasEscape(buffer: Buffer, start: number, end: number): boolean {
  if (end - start > 64) return buffer.subarray(start, end).includes(BACKSLASH);
  for (let at = start; at < end; at++) if (buffer[at] === BACKSLASH) return true;
  return false;
}

/**
 * Writes the text of a JSON string's content (valid, `start` to `end`, never longer than that) as UTF-8 and returns its length.
 * Lone surrogates become U+FFFD.
 */
export function decodeInto(buffer: Buffer, start: number, end: number, output: Uint8Array): number {
  let written = 0;
  for (let at = start; at < end; ) {
    const byte = buffer[at];
    if (byte !== BACKSLASH) {
      output[written++] = byte;
      at++;
      continue;
    }
    const plain = ESCAPED[buffer[at + 1]];
    if (plain !== 0) {
      output[written++] = plain;
      at += 2;
      continue;
    }
    let point = hexAt(buffer, at + 2);
    at += 6;
    if (point >= HIGH_SURROGATE && point <= 0xdfff) {
      const low = point < LOW_SURROGATE && at + 6 <= end && buffer[at] === BACKSLASH && buffer[at + 1] === 0x75 ? hexAt(buffer, at + 2) : 0;
      if (low >= LOW_SURROGATE && low <= 0xdfff) {
        point = 0x10000 + ((point - HIGH_SURROGATE) << 10) + (low - LOW_SURROGATE);
        at += 6;
      } else point = REPLACEMENT;
    }
    written = writePoint(output, written, point);
  }
  return written;
}

function hexAt(buffer: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = buffer[i];
    value = (value << 4) | (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return value;
}

function writePoint(output: Uint8Array, from: number, point: number): number {
  let at = from;
  if (point < 0x80) output[at++] = point;
  else {
    if (point < 0x800) output[at++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) output[at++] = 0xe0 | (point >> 12);
      else {
        output[at++] = 0xf0 | (point >> 18);
        output[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      output[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    output[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}
