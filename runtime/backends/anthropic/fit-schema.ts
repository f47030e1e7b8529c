import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']);
/** Keywords whose values are schemas by name. */
const MAPS = ['$defs', 'definitions', 'properties'];
/** Keywords that are kept as they stand. */
const KEPT = new Set(['$ref', 'title', 'description', 'const', 'enum', 'type', 'required']);
/** Keywords that say nothing of a value. */
const SILENT = new Set(['$schema', '$id', '$comment']);
/** Keywords that concern values of one type. */
const OWNERS: Readonly<Record<string, string>> = {
  properties: 'object',
  required: 'object',
  additionalProperties: 'object',
  items: 'array',
  minItems: 'array',
  maxItems: 'array',
  format: 'string',
  pattern: 'string',
  minLength: 'string',
  maxLength: 'string',
};
const DEEPEST = 64;

/** A schema that structured outputs take. */
export interface FittedSchema {
  readonly schema: JsonObject;
  /** Constraints that are no longer enforced; they went into the descriptions, for the model to read. */
  readonly loosened: ReadonlySet<string>;
  /** An object that took any key takes only the declared ones now. */
  readonly isClosed: boolean;
}

/**
 * Fits a JSON Schema into the subset of structured outputs: objects are closed, `oneOf` is `anyOf`, several types are several schemas,
 * what can't be enforced becomes description.
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 *
 * @throws RangeError where the schema nests too deeply.
 */
export function fitSchema(schema: JsonObject): FittedSchema {
  const loosened = new Set<string>();
  const state = { loosened, isClosed: false };
  return { schema: narrow(schema, state, 0), loosened, isClosed: state.isClosed };
}

interface State {
  readonly loosened: Set<string>;
  isClosed: boolean;
}

function narrow(value: unknown, state: State, depth: number): JsonObject {
  if (depth > DEEPEST) throw new RangeError('too deep');
  if (!isJsonObject(value)) return {};
  if (Array.isArray(value.type)) return narrowTypes(value, value.type, state, depth);
  const fitted: Record<string, unknown> = {};
  const told: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (KEPT.has(key)) fitted[key] = entry;
    else if (MAPS.includes(key) && isJsonObject(entry)) fitted[key] = narrowEach(entry, state, depth);
    else if (key === 'items' && isJsonObject(entry)) fitted.items = narrow(entry, state, depth + 1);
    else if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(entry)) {
      fitted[key === 'oneOf' ? 'anyOf' : key] = entry.map((branch) => narrow(branch, state, depth + 1));
    } else if ((key === 'format' && FORMATS.has(entry as string)) || (key === 'minItems' && (entry === 0 || entry === 1)))
      fitted[key] = entry;
    else if (key === 'additionalProperties' || SILENT.has(key)) continue;
    else told[key] = entry;
  }
  closeObject(value, fitted, told, state);
  for (const key of Object.keys(told)) if (key !== 'default' && key !== 'examples') state.loosened.add(key);
  if (Object.keys(told).length > 0) {
    const words = Object.entries(told).map(([key, entry]) => `${key}: ${JSON.stringify(entry)}`);
    fitted.description = [...(typeof value.description === 'string' ? [value.description] : []), `(${words.join(', ')})`].join(' ');
  }
  return fitted;
}

function narrowEach(entries: JsonObject, state: State, depth: number): JsonObject {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, narrow(entry, state, depth + 1)]));
}

/** `type: [string, null]`: one schema per type, each with its own keywords; what is said of both stands beside them. */
function narrowTypes(value: JsonObject, types: readonly unknown[], state: State, depth: number): JsonObject {
  const { description, title, $defs, definitions, ...rest } = value;
  const anyOf = types.map((type) => {
    const own = Object.entries(rest).filter(([key]) => OWNERS[key] === undefined || OWNERS[key] === type);
    const values = Array.isArray(rest.enum) ? { enum: rest.enum.filter((item) => isOfType(item, type)) } : {};
    return narrow({ ...Object.fromEntries(own), ...values, type }, state, depth + 1);
  });
  const shared = Object.entries({ description, title, $defs, definitions }).filter(([, entry]) => entry !== undefined);
  return { ...narrow(Object.fromEntries(shared), state, depth + 1), anyOf };
}

function isOfType(value: unknown, type: unknown): boolean {
  if (value === null) return type === 'null';
  if (Array.isArray(value)) return type === 'array';
  return typeof value === type || (type === 'integer' && Number.isInteger(value));
}

/** Objects have to be closed. One that says what other keys may hold, or that any may come, loses that. */
function closeObject(value: JsonObject, fitted: Record<string, unknown>, told: Record<string, unknown>, state: State): void {
  if (value.type !== 'object' && value.properties === undefined) return;
  fitted.additionalProperties = false;
  const others = value.additionalProperties;
  if (others === false) return;
  if (isJsonObject(others)) told.additionalProperties = others;
  state.isClosed = true;
}
