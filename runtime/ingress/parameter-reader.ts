import { isJsonObject, type JsonObject } from '../backends/translate/json-object.ts';
import type { RequestNotes } from '../backends/translate/request-notes.ts';
import { MAX_MODEL_BYTES } from '../intent/request-body.ts';

const { isRawJSON } = JSON as unknown as { isRawJSON(value: unknown): value is { readonly rawJSON: string } };

/** Reads parameters of a body by their types; undefined where one is absent or null. What is of another type is refused. */
export class ParameterReader {
  readonly #body: JsonObject;
  readonly #notes: RequestNotes;
  readonly #prefix: string;

  /** @param prefix stands before the names in messages, such as `options.` */
  constructor(body: JsonObject, notes: RequestNotes, prefix = '') {
    this.#body = body;
    this.#notes = notes;
    this.#prefix = prefix;
  }

  model(): string {
    const model = this.string('model');
    if (model === undefined) {
      if (this.#body.model === undefined || this.#body.model === null) this.#refuse('model', 'is missing; help: name a model');
    } else if (model === '' || Buffer.byteLength(model) > MAX_MODEL_BYTES)
      this.#refuse('model', `is empty or longer than ${MAX_MODEL_BYTES} bytes`);
    return model ?? '';
  }

  string(name: string): string | undefined {
    const value = this.#body[name] ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    this.#refuse(name, 'is no string');
    return undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#body[name] ?? undefined;
    if (value === undefined || typeof value === 'boolean') return value;
    this.#refuse(name, 'is neither `true` nor `false`');
    return undefined;
  }

  number(name: string, least: number, most: number): number | undefined {
    const given = this.#body[name] ?? undefined;
    if (given === undefined) return undefined;
    // A number that keeps its digits is none to `typeof`.
    const value = isRawJSON(given) ? Number(given.rawJSON) : given;
    if (typeof value === 'number' && value >= least && value <= most) return value;
    this.#refuse(name, most === Number.POSITIVE_INFINITY ? `is no number from ${least}` : `is no number from ${least} to ${most}`);
    return undefined;
  }

  integer(name: string, least: number): number | undefined {
    const value = this.number(name, least, Number.MAX_SAFE_INTEGER);
    if (value === undefined || Number.isInteger(value)) return value;
    this.#refuse(name, 'is no integer');
    return undefined;
  }

  object(name: string): JsonObject | undefined {
    const value = this.#body[name] ?? undefined;
    if (value === undefined || isJsonObject(value)) return value;
    this.#refuse(name, 'is no object');
    return undefined;
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.#body[name] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    this.#refuse(name, 'is no list');
    return undefined;
  }

  strings(name: string): readonly string[] | undefined {
    const value = this.list(name);
    if (value === undefined || value.every((item) => typeof item === 'string')) return value as readonly string[] | undefined;
    this.#refuse(name, 'holds what is no string');
    return undefined;
  }

  #refuse(name: string, what: string): void {
    this.#notes.refuse(this.#prefix + name, `\`${this.#prefix}${name}\` ${what}`);
  }
}
