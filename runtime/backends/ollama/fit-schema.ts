import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

/** Words of a schema that Ollama keeps of a tool's parameters (`ToolProperty` in `api/types.go`); it drops all others without a word. */
const KEPT = new Set(['type', 'description', 'enum']);
/** Words that only describe, or that are said in another place. */
const SILENT = new Set(['$schema', '$id', '$comment', '$defs', 'definitions', 'title', 'default', 'examples', 'additionalProperties']);
const DEEPEST = 64;
/** Most schemas that one tool's may grow to once its references are written out. */
const MOST = 2_000;

/** A schema that was fitted, and how many schemas it is made of. */
interface Fitted {
  readonly schema: JsonObject;
  readonly size: number;
}

interface State {
  readonly root: JsonObject;
  readonly lost: Set<string>;
  /** By reference; null: being fitted right now, so that a reference to it leads in a circle. */
  readonly known: Map<string, Fitted | null>;
  size: number;
}

/**
 * A tool's parameters in the words that Ollama reads: references are written out, `const` is an `enum` of one, `oneOf` is `anyOf`, all of
 * `allOf` is one schema.
 *
 * @param lost gains the words that could not be said.
 */
export function fitSchema(schema: JsonObject, lost: Set<string>): JsonObject {
  const fitted = narrow(schema, { root: schema, lost, known: new Map(), size: 0 }, 0);
  return { ...fitted, type: 'object', properties: fitted.properties ?? {} };
}

function narrow(schema: unknown, state: State, depth: number): JsonObject {
  if (!isJsonObject(schema)) return {};
  if (depth > DEEPEST || ++state.size > MOST) {
    state.lost.add('depth');
    return {};
  }
  // Nothing beside it, which is the rule: what it means stands for it, uncopied.
  if (isBareReference(schema)) return resolve(schema.$ref, state, depth);
  const fitted: Record<string, unknown> = {};
  for (const word in schema) {
    const value = schema[word];
    if (KEPT.has(word)) fitted[word] = value;
    else if (word === 'properties' && isJsonObject(value)) fitted.properties = narrowEach(value, state, depth);
    else if (word === 'items') fitted.items = narrow(value, state, depth + 1);
    else if ((word === 'anyOf' || word === 'oneOf') && Array.isArray(value))
      fitted.anyOf = value.map((one) => narrow(one, state, depth + 1));
    else if (word === 'const') fitted.enum = [value];
    else if (word === 'required' && depth === 0) fitted.required = value;
    else if (word === '$ref') merge(fitted, resolve(value, state, depth));
    else if (word === 'allOf' && Array.isArray(value)) for (const one of value) merge(fitted, narrow(one, state, depth + 1));
    else if (!SILENT.has(word)) state.lost.add(word);
  }
  return fitted;
}

function narrowEach(properties: JsonObject, state: State, depth: number): JsonObject {
  // A property may be called `__proto__`.
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, narrow(value, state, depth + 1)]));
}

/** What a reference means; each is fitted once, and counted as often as it is written out. */
function resolve(reference: unknown, state: State, depth: number): JsonObject {
  const text = String(reference);
  const known = state.known.get(text);
  if (known === null) {
    state.lost.add('recursion');
    return {};
  }
  if (known !== undefined && state.size + known.size <= MOST) {
    state.size += known.size;
    return known.schema;
  }
  if (known !== undefined) {
    state.lost.add('depth');
    return {};
  }
  state.known.set(text, null);
  const before = state.size;
  const schema = narrow(find(text, state), state, depth + 1);
  state.known.set(text, { schema, size: state.size - before });
  return schema;
}

function isBareReference(schema: JsonObject): boolean {
  for (const word in schema) if (word !== '$ref') return false;
  return typeof schema.$ref === 'string';
}

/** `#/$defs/Name`, which is all that generators of schemas write. */
function find(reference: string, state: State): unknown {
  const path = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference);
  const defs = path ? state.root[path[1]] : undefined;
  const name = path ? path[2].replaceAll('~1', '/').replaceAll('~0', '~') : '';
  const found = isJsonObject(defs) && Object.hasOwn(defs, name) ? defs[name] : undefined;
  if (found === undefined) state.lost.add('ref');
  return found;
}

function merge(into: Record<string, unknown>, other: JsonObject): void {
  const properties = isJsonObject(into.properties) && isJsonObject(other.properties) ? { ...into.properties, ...other.properties } : null;
  Object.assign(into, other, properties === null ? {} : { properties });
}
