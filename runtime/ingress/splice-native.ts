import { applyEdits, type Edit, replaceValue } from '../intent/apply-edits.ts';
import { type Field, KIND } from '../intent/fields.ts';
import { KeyTable } from '../intent/key-table.ts';
import { readNumber, readString } from '../intent/read-value.ts';
import { type Scan, scanBody, scanObject } from '../intent/scan.ts';

type CapName = 'max_tokens' | 'max_output_tokens' | 'num_predict';
const KEYS = new KeyTable(['model', 'max_tokens', 'max_output_tokens', 'options']);
const OPTIONS_KEYS = new KeyTable(['num_predict']);

/**
 * A body of another API with its model and output cap spliced, every other byte as it was; the same object where nothing has to change.
 *
 * @param cap where the caller's own is higher, without end, or absent, this one stands. Null = the caller's own.
 * @param capName where the cap is: at the top, or for `num_predict` in `options`.
 */
export function spliceNative(buffer: Buffer, model: string, cap: number | null, capName: CapName): Buffer {
  const scan = scanBody(buffer, KEYS);
  const edits: Edit[] = [];
  // A body without a model was refused when it was read.
  const named = scan.fields.model as Field;
  const { options } = scan.fields;
  if (readString(buffer, named) !== model) edits.push(replaceValue(named, JSON.stringify(model)));
  if (cap !== null) {
    if (capName !== 'num_predict') lower(buffer, scan, capName, cap, edits);
    else if (options?.kind === KIND.OBJECT) lower(buffer, scanObject(buffer, options.start, OPTIONS_KEYS), capName, cap, edits);
    else if (options !== undefined) edits.push(replaceValue(options, `{"num_predict":${cap}}`));
    else insert(scan, `"options":{"num_predict":${cap}}`, edits);
  }
  return applyEdits(buffer, edits);
}

function lower<Name extends string>(buffer: Buffer, scan: Scan<Name>, name: Name, cap: number, edits: Edit[]): void {
  const field = scan.fields[name];
  if (field === undefined) {
    insert(scan, `"${name}":${cap}`, edits);
    return;
  }
  const given = field.kind === KIND.NUMBER ? readNumber(buffer, field) : Number.NaN;
  // Negative numbers are Ollama's words for no end.
  if (!(given >= 0 && given <= cap)) edits.push(replaceValue(field, String(cap)));
}

function insert(scan: Scan<string>, member: string, edits: Edit[]): void {
  edits.push({ from: scan.open, to: scan.open, text: scan.empty ? member : `${member},` });
}
