import { createHash } from 'node:crypto';
import { type Edit, replaceValue } from '../intent/apply-edits.ts';
import { type Field, KIND } from '../intent/fields.ts';
import { KeyTable } from '../intent/key-table.ts';
import { readString } from '../intent/read-value.ts';
import type { Request } from '../intent/request.ts';
import { pickFields, scanElements } from '../intent/scan.ts';
import { stripThoughts } from './translate/strip-thoughts.ts';

const MESSAGE_KEYS = new KeyTable(['tool_calls', 'tool_call_id']);
const CALL_KEYS = new KeyTable(['id']);
/** Part of both keys' names. It begins with a rare byte: a search for `tool_call` takes ten times as long (41 µs in 32 KB). */
const CALL_MARK = '_call';
const THOUGHT_MARKS = ['__thought__', '__claude__'];
const NOTHING: readonly Edit[] = [];

/**
 * The changes that make a conversation's tool-call ids fit a backend which takes them as they are: the thoughts of other dialects go
 * (`stripThoughts`), and what is longer than `longest` is named anew, the same everywhere. The caller keeps the ids that it knows, so that a
 * backend which made them gets its own back.
 */
export function fitCallIds(request: Request, longest: number): readonly Edit[] {
  const { buffer, fields } = request;
  const { messages } = fields;
  if (messages === undefined || buffer.indexOf(CALL_MARK, messages.start, 'latin1') === -1) return NOTHING;
  // Without a bound only marked ids have to go.
  if (longest === Number.POSITIVE_INFINITY && !THOUGHT_MARKS.some((mark) => buffer.indexOf(mark, messages.start, 'latin1') !== -1)) {
    return NOTHING;
  }
  const edits: Edit[] = [];
  const adjust = (field: Field | undefined): void => {
    if (field === undefined || field.kind !== KIND.STRING || isFine(buffer, field, longest)) return;
    const id = readString(buffer, field);
    const fitted = shorten(stripThoughts(id), id, longest);
    if (fitted !== id) edits.push(replaceValue(field, JSON.stringify(fitted)));
  };
  for (const start of messages.objects) {
    const { tool_calls: calls, tool_call_id: answered } = pickFields(buffer, start, MESSAGE_KEYS);
    adjust(answered);
    if (calls === undefined || calls.kind !== KIND.ARRAY) continue;
    for (const call of scanElements(buffer, calls)) if (call.kind === KIND.OBJECT) adjust(pickFields(buffer, call.start, CALL_KEYS).id);
  }
  return edits;
}

/** Told by its bytes: short, and no mark in it. */
function isFine(buffer: Buffer, field: Field, longest: number): boolean {
  return field.end - field.start - 2 <= longest && !buffer.subarray(field.start, field.end).includes('__', 0, 'latin1');
}

/** An id of 37 characters in place of one that is too long, or of one that was nothing but thoughts. */
function shorten(id: string, whole: string, longest: number): string {
  if (id !== '' && id.length <= longest) return id;
  return `call_${createHash('sha256').update(whole).digest('hex').slice(0, 32)}`;
}
