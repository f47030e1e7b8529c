import type { Field } from './fields.ts';

/** Bytes `from` to `to` of a body give way to `text`. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export function replaceValue(field: Field, text: string): Edit {
  return { from: field.start, to: field.end, text };
}

/** The body with the edits made; the same object where there are none. One allocation, whatever their number; they never overlap. */
export function applyEdits(buffer: Buffer, edits: Edit[]): Buffer {
  if (edits.length === 0) return buffer;
  edits.sort((a, b) => a.from - b.from);
  let size = buffer.length;
  for (const { from, to, text } of edits) size += Buffer.byteLength(text) - (to - from);
  const output = Buffer.allocUnsafe(size);
  let read = 0;
  let written = 0;
  for (const { from, to, text } of edits) {
    written += buffer.copy(output, written, read, from);
    written += output.write(text, written);
    read = to;
  }
  buffer.copy(output, written, read);
  return output;
}
