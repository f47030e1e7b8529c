import { isImage } from './count-images.ts';
import { countString } from './count-string.ts';
import { type Field, KIND } from './fields.ts';
import { KeyTable } from './key-table.ts';
import { isNull } from './read-value.ts';
import { pickFields, scanElements } from './scan.ts';
import type { Tally } from './tokens/tally.ts';

/** Tokens that frame a message. OpenAI cookbook, "How to count tokens with tiktoken", for gpt-4o, gpt-4 and gpt-3.5-turbo. */
export const PER_MESSAGE = 3;
/** Tokens that a name adds; same source. */
const PER_NAME = 1;

const NAME = new KeyTable(['name']);
const TEXT = new KeyTable(['text']);

/**
 * Adds the tokens of one chat message, given its members: its frame, every string among its values, the text of its parts, and all else as the JSON
 * it is written in. Images are left to the caller.
 */
export function countMessage(buffer: Buffer, members: readonly Field[], tally: Tally): void {
  tally.addCount(PER_MESSAGE, true);
  for (const member of members) {
    if (tally.isDone) return;
    if (isNull(buffer, member)) continue;
    if (NAME.find(buffer, member.keyStart, member.keyEnd) !== undefined) tally.addCount(PER_NAME, true);
    if (member.kind !== KIND.ARRAY) countValue(buffer, member, tally);
    else for (const part of scanElements(buffer, member)) countPart(buffer, part, tally);
  }
}

function countPart(buffer: Buffer, part: Field, tally: Tally): void {
  if (part.kind === KIND.OBJECT && isImage(buffer, part.start)) return;
  const text = part.kind === KIND.OBJECT ? pickFields(buffer, part.start, TEXT).text : undefined;
  countValue(buffer, text?.kind === KIND.STRING ? text : part, tally);
}

function countValue(buffer: Buffer, value: Field, tally: Tally): void {
  if (value.kind === KIND.STRING) countString(buffer, value.start + 1, value.end - 1, tally);
  else tally.addBytes(buffer, value.start, value.end);
}
