import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

/**
 * A JSON Schema in the part of JSON Schema that Gemini reads (`parametersJsonSchema`, `responseJsonSchema`): what it does not read is said
 * in other words where there are any, else left out and named.
 * Source: https://ai.google.dev/api/generate-content#FIELDS.response_json_schema
 *
 * @param dropped gains the names of constraints that could not be said.
 */
export function writeSchema(schema: unknown, dropped: Set<string>): JsonObject {
  if (!isJsonObject(schema)) {
    if (schema === false) dropped.add('false');
    return {};
  }
  const written: Record<string, unknown> = {};
  for (const name in schema) {
    const value = schema[name];
    if (name === 'items' && Array.isArray(value)) written.prefixItems = writeList(value, dropped);
    else if (Object.hasOwn(KEPT, name)) written[name] = KEPT[name](value, dropped);
    else if (name === '$ref') written.$ref = writeReference(value);
    else if (name === 'definitions') written.$defs = { ...(written.$defs as object | undefined), ...writeMap(value, dropped) };
    else if (name === 'const') written.enum = [value];
    else if (name === 'oneOf') written.anyOf = [...((written.anyOf as unknown[]) ?? []), ...writeList(value, dropped)];
    else if (CONSTRAINTS.has(name)) dropped.add(name);
  }
  const merged = Array.isArray(schema.allOf) ? mergeAll(written, writeList(schema.allOf, dropped), dropped) : written;
  if (merged.type === 'array' && merged.items === undefined && merged.prefixItems === undefined) return { ...merged, items: {} };
  return merged.$ref === undefined ? merged : detachReference(merged);
}

type Write = (value: unknown, dropped: Set<string>) => unknown;

const keep: Write = (value) => value;

/** Keywords that Gemini reads, and how their values are written. */
const KEPT: Readonly<Record<string, Write>> = {
  $id: keep,
  $anchor: keep,
  type: keep,
  title: keep,
  description: keep,
  enum: keep,
  minItems: keep,
  maxItems: keep,
  minimum: keep,
  maximum: keep,
  required: keep,
  propertyOrdering: keep,
  format: keep,
  items: writeSchema,
  prefixItems: writeList,
  anyOf: writeList,
  properties: writeMap,
  $defs: writeMap,
  additionalProperties: (value, dropped) => (typeof value === 'boolean' ? value : writeSchema(value, dropped)),
};

/** Constraints that have no counterpart; leaving one out allows answers that were not wanted. All other words only describe. */
const CONSTRAINTS = new Set([
  'pattern',
  'minLength',
  'maxLength',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'patternProperties',
  'propertyNames',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedProperties',
  'unevaluatedItems',
  'not',
  'if',
  'then',
  'else',
]);

function writeList(value: unknown, dropped: Set<string>): JsonObject[] {
  return Array.isArray(value) ? value.map((item) => writeSchema(item, dropped)) : [];
}

function writeMap(value: unknown, dropped: Set<string>): JsonObject {
  if (!isJsonObject(value)) return {};
  // A property may be called `__proto__`.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, writeSchema(item, dropped)]));
}

function writeReference(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^#\/definitions\//, '#/$defs/') : value;
}

/** Nothing may stand beside a `$ref` but words that begin with `$`. */
function detachReference(schema: JsonObject): JsonObject {
  const names = Object.keys(schema);
  if (names.every((name) => name.startsWith('$'))) return schema;
  const { $ref, ...rest } = schema;
  return { ...rest, anyOf: [{ $ref }] };
}

/** Branches of `allOf` become one schema; where two of them say different things about one word, the first stands and the word is named. */
function mergeAll(own: JsonObject, branches: readonly JsonObject[], dropped: Set<string>): JsonObject {
  let merged = own;
  for (const branch of branches) merged = mergeTwo(merged, branch, dropped);
  return merged;
}

function mergeTwo(one: JsonObject, other: JsonObject, dropped: Set<string>): JsonObject {
  const merged: Record<string, unknown> = { ...one };
  for (const name in other) {
    const mine = one[name];
    const its = other[name];
    if (mine === undefined) merged[name] = its;
    else if (name === 'required' && Array.isArray(mine) && Array.isArray(its)) merged.required = [...new Set([...mine, ...its])];
    else if ((name === 'properties' || name === '$defs') && isJsonObject(mine) && isJsonObject(its)) {
      merged[name] = mergeMaps(mine, its, dropped);
    } else if (name !== 'title' && name !== 'description' && JSON.stringify(mine) !== JSON.stringify(its)) dropped.add('allOf');
  }
  return merged;
}

function mergeMaps(one: JsonObject, other: JsonObject, dropped: Set<string>): JsonObject {
  const entries = new Map(Object.entries(one));
  for (const [name, value] of Object.entries(other)) {
    const mine = entries.get(name);
    entries.set(name, isJsonObject(mine) && isJsonObject(value) ? mergeTwo(mine, value, dropped) : value);
  }
  return Object.fromEntries(entries);
}
