import type { RequestBody } from '../../schema/request.ts';
import { CAPABILITIES, type Capability, type Endpoint } from '../../schema/vocabulary.ts';
import { countImages } from './count-images.ts';
import { FIELD_NAMES, type Field, type Fields, KIND } from './fields.ts';
import { KeyTable } from './key-table.ts';
import { Problems } from './problems.ts';
import { isNull, isTrue, readNumber, readString, readValue } from './read-value.ts';
import type { Request } from './request.ts';
import { scanBody, scanObject } from './scan.ts';
import { readInputText, readUserText } from './user-text.ts';

/** Bytes of a model's name. */
export const MAX_MODEL_BYTES = 256;
/** Answers one request may ask for (`n`). */
export const MAX_ANSWERS = 128;

const KEYS = new KeyTable(FIELD_NAMES);
const STREAM_OPTIONS_KEYS = new KeyTable(['include_usage']);
const RESPONSE_FORMAT_KEYS = new KeyTable(['type']);

/**
 * Reads and checks a request body. Throws one `BadRequest` that names everything found wrong; malformed JSON and duplicate keys
 * end the reading at once. What lies inside messages, tools and unknown fields is left to the upstream to judge.
 */
export function readRequestBody(endpoint: Endpoint, buffer: Buffer): Request {
  const { fields, mayNameImage } = scanBody(buffer, KEYS);
  const problems = new Problems();
  const model = readModel(buffer, fields, problems);
  const answers = readCount(buffer, fields, 'n', MAX_ANSWERS, problems) ?? 1;
  const maxTokens = readCount(buffer, fields, 'max_tokens', Number.MAX_SAFE_INTEGER, problems);
  const maxCompletionTokens = readCount(buffer, fields, 'max_completion_tokens', Number.MAX_SAFE_INTEGER, problems);
  const stream = readFlag(buffer, fields.stream, 'stream', problems);
  const includeUsage = readIncludeUsage(buffer, fields.stream_options, problems);
  const tools = countItems(buffer, fields, 'tools', problems) + countItems(buffer, fields, 'functions', problems);
  const json = asksForJson(buffer, fields.response_format, problems);
  const reasoning = asksForReasoning(buffer, fields.reasoning_effort, problems);
  if (endpoint === 'chat') checkMessages(buffer, fields, problems);
  else checkInput(buffer, fields, problems);
  problems.throwAny();

  const images = endpoint === 'chat' && mayNameImage ? countImages(buffer, fields.messages as Field) : 0;
  let required = endpoint === 'chat' ? bit('chat') : bit('embeddings');
  if (tools > 0) required |= bit('tools');
  if (json) required |= bit('json');
  if (images > 0) required |= bit('vision');
  if (reasoning) required |= bit('reasoning');

  let text: string | undefined;
  const body: RequestBody = {
    endpoint,
    model,
    // Of two caps a backend may obey either one: the higher is what the request can cost.
    maxOutputTokens: Math.max(maxCompletionTokens ?? 0, maxTokens ?? 0) || null,
    answers,
    tools,
    images,
    required,
    text() {
      text ??= endpoint === 'chat' ? readUserText(buffer, fields.messages as Field) : readInputText(buffer, fields.input as Field);
      return text;
    },
  };
  return { buffer, body, fields, stream, includeUsage, images };
}

function bit(capability: Capability): number {
  return 1 << CAPABILITIES.indexOf(capability);
}

function readModel(buffer: Buffer, fields: Fields, problems: Problems): string {
  const field = fields.model;
  if (field === undefined || isNull(buffer, field)) {
    problems.add('model', 'missing_required_parameter', "Missing required parameter: 'model'.");
    return '';
  }
  if (field.kind !== KIND.STRING) {
    problems.addType('model', 'a string', nameKind(buffer, field));
    return '';
  }
  // Six bytes of JSON are the longest spelling of one byte of text.
  const model = field.end - field.start - 2 > 6 * MAX_MODEL_BYTES ? null : readString(buffer, field);
  if (model === null || Buffer.byteLength(model) > MAX_MODEL_BYTES) {
    problems.add('model', 'string_above_max_length', `Invalid 'model': string too long. Expected at most ${MAX_MODEL_BYTES} bytes.`);
    return '';
  }
  if (model === '') problems.add('model', 'empty_string', "Invalid 'model': empty string. Expected the name of a model.");
  return model;
}

/** An integer from 1 to `most`; null where not given. */
function readCount(
  buffer: Buffer,
  fields: Fields,
  name: 'n' | 'max_tokens' | 'max_completion_tokens',
  most: number,
  problems: Problems,
): number | null {
  const field = fields[name];
  if (field === undefined || isNull(buffer, field)) return null;
  if (field.kind !== KIND.NUMBER) {
    problems.addType(name, 'an integer', nameKind(buffer, field));
    return null;
  }
  const value = readNumber(buffer, field);
  if (value < 1) {
    problems.add(
      name,
      'integer_below_min_value',
      `Invalid '${name}': integer below minimum value. Expected a value >= 1, but got ${value} instead.`,
    );
    return null;
  }
  if (value > most) {
    problems.add(
      name,
      'integer_above_max_value',
      `Invalid '${name}': integer above maximum value. Expected a value <= ${most}, but got ${value} instead.`,
    );
    return null;
  }
  if (!Number.isInteger(value)) {
    problems.addType(name, 'an integer', 'a decimal number');
    return null;
  }
  return value;
}

function readFlag(buffer: Buffer, field: Field | undefined, name: string, problems: Problems): boolean {
  if (field === undefined || isNull(buffer, field)) return false;
  if (field.kind !== KIND.LITERAL) problems.addType(name, 'a boolean', nameKind(buffer, field));
  return isTrue(buffer, field);
}

function readIncludeUsage(buffer: Buffer, field: Field | undefined, problems: Problems): boolean {
  if (field === undefined || isNull(buffer, field)) return false;
  if (field.kind !== KIND.OBJECT) {
    problems.addType('stream_options', 'an object', nameKind(buffer, field));
    return false;
  }
  const { fields } = scanObject(buffer, field.start, STREAM_OPTIONS_KEYS);
  return readFlag(buffer, fields.include_usage, 'stream_options.include_usage', problems);
}

function countItems(buffer: Buffer, fields: Fields, name: 'tools' | 'functions', problems: Problems): number {
  const field = fields[name];
  if (field === undefined || isNull(buffer, field)) return 0;
  if (field.kind !== KIND.ARRAY) problems.addType(name, 'an array of objects', nameKind(buffer, field));
  return field.items;
}

function asksForJson(buffer: Buffer, field: Field | undefined, problems: Problems): boolean {
  if (field === undefined || isNull(buffer, field)) return false;
  if (field.kind !== KIND.OBJECT) {
    problems.addType('response_format', 'an object', nameKind(buffer, field));
    return false;
  }
  const { type } = scanObject(buffer, field.start, RESPONSE_FORMAT_KEYS).fields;
  if (type === undefined || type.kind !== KIND.STRING) return false;
  const value = readString(buffer, type);
  return value === 'json_object' || value === 'json_schema';
}

function asksForReasoning(buffer: Buffer, field: Field | undefined, problems: Problems): boolean {
  if (field === undefined || isNull(buffer, field)) return false;
  if (field.kind !== KIND.STRING) {
    problems.addType('reasoning_effort', 'a string', nameKind(buffer, field));
    return false;
  }
  return readString(buffer, field) !== 'none';
}

function checkMessages(buffer: Buffer, fields: Fields, problems: Problems): void {
  const field = fields.messages;
  if (field === undefined) problems.add('messages', 'missing_required_parameter', "Missing required parameter: 'messages'.");
  else if (field.kind !== KIND.ARRAY) problems.addType('messages', 'an array of objects', nameKind(buffer, field));
  else if (field.items === 0) problems.add('messages', 'empty_array', emptyArray('messages'));
  else if (field.itemKinds !== KIND.OBJECT) problems.addType('messages', 'an array of objects', 'other elements');
}

function checkInput(buffer: Buffer, fields: Fields, problems: Problems): void {
  const field = fields.input;
  const wanted = 'a string, an array of strings, an array of tokens or an array of token arrays';
  if (field === undefined) {
    problems.add('input', 'missing_required_parameter', "Missing required parameter: 'input'.");
    return;
  }
  if (field.kind === KIND.STRING) {
    if (field.end - field.start === 2) problems.add('input', 'empty_string', "Invalid 'input': input cannot be an empty string.");
    return;
  }
  if (field.kind !== KIND.ARRAY) {
    problems.addType('input', wanted, nameKind(buffer, field));
    return;
  }
  if (field.items === 0) {
    problems.add('input', 'empty_array', emptyArray('input'));
    return;
  }
  if (field.itemKinds === KIND.STRING) return;
  const items = field.itemKinds === KIND.NUMBER || field.itemKinds === KIND.ARRAY ? (readValue(buffer, field) as unknown[]) : [];
  const tokenArrays = (field.itemKinds === KIND.NUMBER ? [items] : items) as unknown[][];
  if (items.length > 0 && tokenArrays.every((tokens) => tokens.length > 0 && tokens.every(isToken))) return;
  problems.addType('input', wanted, 'an array of other elements');
}

function isToken(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function emptyArray(name: string): string {
  return `Invalid '${name}': empty array. Expected an array with minimum length 1, but got an empty array instead.`;
}

function nameKind(buffer: Buffer, field: Field): string {
  if (isNull(buffer, field)) return 'null';
  if (field.kind === KIND.LITERAL) return 'a boolean';
  if (field.kind === KIND.STRING) return 'a string';
  if (field.kind === KIND.NUMBER) return 'a number';
  return field.kind === KIND.ARRAY ? 'an array' : 'an object';
}
