import { isJsonObject } from '../translate/json-object.ts';
import { TranslationError } from '../translate/translator.ts';

/** More calls than this are a model that runs wild. */
const MOST = 1024;

export interface ReadCall {
  readonly id: string;
  readonly name: string;
  /** JSON text of an object. */
  readonly arguments: string;
}

/** Reads the calls of one answer, which come whole. Ids are Ollama's own where it gives them and they differ, else made from the answer's. */
export class CallReader {
  readonly #stem: string;
  readonly #seen = new Set<string>();

  constructor(answerId: string) {
    this.#stem = `call_${answerId.replace(/^chatcmpl-/, '')}`;
  }

  /** @throws TranslationError for what is no list of calls. */
  read(list: unknown): readonly ReadCall[] {
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) throw new TranslationError('the calls of the answer are no list');
    return list.map((call) => this.#readOne(call));
  }

  #readOne(call: unknown): ReadCall {
    const made = isJsonObject(call) ? call.function : undefined;
    if (!isJsonObject(call) || !isJsonObject(made) || typeof made.name !== 'string' || made.name === '')
      throw new TranslationError('a call of the answer has no name');
    if (this.#seen.size === MOST) throw new TranslationError(`the answer makes more than ${MOST} calls`);
    const isOwn = typeof call.id === 'string' && call.id !== '' && !this.#seen.has(call.id);
    const id = isOwn ? (call.id as string) : `${this.#stem}_${this.#seen.size}`;
    this.#seen.add(id);
    return { id, name: made.name, arguments: writeArguments(made.arguments) };
  }
}

/** Arguments are an object; some servers give its text. */
function writeArguments(value: unknown): string {
  if (typeof value === 'string') return /^\s*\{/.test(value) ? value : JSON.stringify({ arguments: value });
  return JSON.stringify(isJsonObject(value) ? value : value === undefined || value === null ? {} : { arguments: value });
}
