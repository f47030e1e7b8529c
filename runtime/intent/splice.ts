import { applyEdits, type Edit, replaceValue } from './apply-edits.ts';
import { type Field, KIND } from './fields.ts';
import { KeyTable } from './key-table.ts';
import { isTrue, readNumber } from './read-value.ts';
import type { Request, Splices } from './request.ts';
import { scanObject } from './scan.ts';

const STREAM_OPTIONS_KEYS = new KeyTable(['include_usage']);

/**
 * The body with the wished changes and every other byte as it was; the same object where nothing has to change.
 *
 * - `outputCap`: where the caller's cap is higher or absent, the value becomes `tokens`; a cap under the other name is renamed.
 *   Where both names are given, each is lowered where it is higher.
 * - `includeUsage`: `stream_options` is added, or completed in place.
 */
export function splice(request: Request, splices: Splices): Buffer {
  const edits: Edit[] = splices.edits === undefined ? [] : [...splices.edits];
  const additions: string[] = [];
  if (splices.model !== undefined && splices.model !== request.body.model) {
    edits.push(replaceValue(request.fields.model as Field, JSON.stringify(splices.model)));
  }
  if (splices.outputCap !== undefined) capOutput(request, splices.outputCap, edits, additions);
  if (splices.includeUsage === true && !request.includeUsage) askForUsage(request, edits, additions);
  if (additions.length > 0) {
    const open = request.buffer.indexOf(0x7b) + 1;
    edits.push({ from: open, to: open, text: additions.map((member) => `${member},`).join('') });
  }
  return applyEdits(request.buffer, edits);
}

function capOutput(request: Request, cap: NonNullable<Splices['outputCap']>, edits: Edit[], additions: string[]): void {
  const other = cap.name === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  const named = request.fields[cap.name];
  const second = request.fields[other];
  if (named !== undefined) {
    lower(request.buffer, named, cap.tokens, true, edits);
    if (second !== undefined) lower(request.buffer, second, cap.tokens, false, edits);
  } else if (second !== undefined) {
    edits.push({ from: second.keyStart, to: second.keyEnd, text: `"${cap.name}"` });
    lower(request.buffer, second, cap.tokens, true, edits);
  } else additions.push(`"${cap.name}":${cap.tokens}`);
}

function lower(buffer: Buffer, field: Field, tokens: number, required: boolean, edits: Edit[]): void {
  const isHigher = field.kind === KIND.NUMBER ? readNumber(buffer, field) > tokens : required;
  if (isHigher) edits.push(replaceValue(field, String(tokens)));
}

function askForUsage(request: Request, edits: Edit[], additions: string[]): void {
  const options = request.fields.stream_options;
  if (options === undefined) {
    additions.push('"stream_options":{"include_usage":true}');
    return;
  }
  if (options.kind !== KIND.OBJECT) {
    edits.push(replaceValue(options, '{"include_usage":true}'));
    return;
  }
  const { fields, open, empty } = scanObject(request.buffer, options.start, STREAM_OPTIONS_KEYS);
  if (fields.include_usage === undefined)
    edits.push({ from: open, to: open, text: empty ? '"include_usage":true' : '"include_usage":true,' });
  else if (!isTrue(request.buffer, fields.include_usage)) edits.push(replaceValue(fields.include_usage, 'true'));
}
