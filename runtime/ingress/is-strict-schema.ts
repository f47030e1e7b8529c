import { isJsonObject } from '../backends/translate/json-object.ts';

/** Keywords whose values are schemas by name, in a list, or one. */
const MAPS = ['properties', '$defs', 'definitions'];
const LISTS = ['anyOf', 'prefixItems'];
const SINGLES = ['items'];
/** Keywords that OpenAI's strict mode refuses. */
const REFUSED = ['allOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'patternProperties'];

/**
 * Whether OpenAI's strict mode takes a schema: every object closed, every property required.
 * Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 *
 * @throws RangeError where it nests too deeply; bodies can't, since they are bounded.
 */
export function isStrictSchema(schema: unknown): boolean {
  if (!isJsonObject(schema)) return false;
  if (REFUSED.some((name) => schema[name] !== undefined)) return false;
  const properties = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (properties.length > 0 || types.includes('object')) {
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    if (schema.additionalProperties !== false || !properties.every((name) => required.has(name))) return false;
  }
  for (const name of MAPS) if (isJsonObject(schema[name]) && !Object.values(schema[name]).every(isStrictSchema)) return false;
  for (const name of LISTS) if (Array.isArray(schema[name]) && !schema[name].every(isStrictSchema)) return false;
  return SINGLES.every((name) => schema[name] === undefined || isStrictSchema(schema[name]));
}
