import { TranslationError } from '../translate/translator.ts';
import { isJsonObject } from '../translate/json-object.ts';

/** Most characters that the pieces of one call may hold. */
const LIMIT = 1024 * 1024;
/** Deepest place that a piece may name. */
const DEPTH = 64;

type Tree = Map<string, unknown> | unknown[];

/**
 * Arguments of one call that come in pieces, each with the path of its place: `{"jsonPath":"$.city","stringValue":"Ber","willContinue":true}`.
 * Source: https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc, `PartialArg` of
 * https://github.com/googleapis/js-genai/blob/main/src/types.ts
 */
export class PartialArguments {
  readonly #root: Map<string, unknown> = new Map();
  #length = 0;

  /** @throws TranslationError for what is no piece, or too large. */
  add(pieces: unknown): void {
    if (!Array.isArray(pieces)) throw new TranslationError('pieces of a call are no list');
    for (const piece of pieces) this.#addOne(piece);
  }

  /** All of it as JSON; `{}` where there was none. */
  toJson(): string {
    return write(this.#root);
  }

  #addOne(piece: unknown): void {
    const steps = isJsonObject(piece) && typeof piece.jsonPath === 'string' ? readPath(piece.jsonPath) : null;
    if (!isJsonObject(piece) || steps === null) throw new TranslationError('a piece of a call names no place in its arguments');
    const value = readValue(piece);
    if (value === undefined) return;
    this.#length += (piece.jsonPath as string).length + (typeof value === 'string' ? value.length : 8);
    if (this.#length > LIMIT) throw new TranslationError(`the arguments of a call are larger than ${LIMIT} characters`);
    let node: Tree = this.#root;
    for (let at = 0; at < steps.length; at++) {
      const step = steps[at];
      const isLast = at === steps.length - 1;
      const there = getChild(node, step);
      if (isLast) setChild(node, step, typeof value === 'string' && typeof there === 'string' ? there + value : value);
      else {
        const next: Tree = there instanceof Map || Array.isArray(there) ? there : typeof steps[at + 1] === 'number' ? [] : new Map();
        if (next !== there) setChild(node, step, next);
        node = next;
      }
    }
  }
}

function readValue(piece: Readonly<Record<string, unknown>>): unknown {
  if (typeof piece.stringValue === 'string') return piece.stringValue;
  if (typeof piece.numberValue === 'number') return piece.numberValue;
  if (typeof piece.boolValue === 'boolean') return piece.boolValue;
  return piece.nullValue === undefined ? undefined : null;
}

/** Names and positions of `$.a[0]['b c']`, which is all that the API writes; null for anything else. RFC 9535. */
function readPath(path: string): readonly (string | number)[] | null {
  if (path.length > 4096 || !path.startsWith('$')) return null;
  const steps: (string | number)[] = [];
  const token = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
  token.lastIndex = 1;
  while (token.lastIndex < path.length) {
    const found = token.exec(path);
    if (!found || steps.length === DEPTH) return null;
    steps.push(found[2] === undefined ? (found[1] ?? (found[3] ?? found[4]).replace(/\\(.)/g, '$1')) : Number(found[2]));
  }
  return steps.length === 0 || typeof steps[0] === 'number' ? null : steps;
}

function getChild(node: Tree, step: string | number): unknown {
  if (Array.isArray(node)) return typeof step === 'number' ? node[step] : undefined;
  return node.get(String(step));
}

/** @throws TranslationError for a place in a list that leaves a gap: it would take memory for nothing. */
function setChild(node: Tree, step: string | number, value: unknown): void {
  if (!Array.isArray(node)) node.set(String(step), value);
  else if (typeof step === 'number' && step <= node.length) node[step] = value;
  else throw new TranslationError('a piece of a call names no place in its arguments');
}

function write(value: unknown): string {
  if (value instanceof Map) return `{${[...value].map(([name, item]) => `${JSON.stringify(name)}:${write(item)}`).join(',')}}`;
  return Array.isArray(value) ? `[${value.map(write).join(',')}]` : JSON.stringify(value);
}
