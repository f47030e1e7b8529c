import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import { fitSchema } from './fit-schema.ts';
import { JSON_TOOL } from './json-tool.ts';
import type { ModelTraits } from './model-traits.ts';
import type { Tool } from './wire.ts';

/** How a form of the answer is asked for; at most one of the three. */
export interface Format {
  /** `output_config.format`. */
  readonly format?: JsonObject;
  /** For models without structured outputs: the tool whose input is the answer. */
  readonly tool?: Tool;
  /** For JSON of no certain shape, which the API can't enforce. */
  readonly instruction?: string;
}

const INSTRUCTION = 'Answer with one valid JSON object and nothing else: no prose before or after it, no code fence.';

/** Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs */
export function writeFormat(body: ChatBody, traits: ModelTraits, notes: RequestNotes): Format {
  const wanted = body.response_format;
  if (wanted === null || wanted === undefined) return {};
  const type = isJsonObject(wanted) ? wanted.type : undefined;
  if (type === 'text') return {};
  if (type === 'json_object') {
    notes.warn('json-object-by-instruction');
    return { instruction: INSTRUCTION };
  }
  if (type !== 'json_schema' || !isJsonObject(wanted) || !isJsonObject(wanted.json_schema)) {
    notes.refuse(
      'response_format',
      '`response_format` is of no known type; help: use `text`, `json_object`, or `json_schema` with a `json_schema`',
    );
    return {};
  }
  const { schema, description } = wanted.json_schema;
  if (!isJsonObject(schema)) {
    notes.refuse('response_format', '`response_format.json_schema` holds no `schema`; help: add one, or use `json_object`');
    return {};
  }
  return traits.hasStructuredOutput ? writeSchema(schema, description, notes) : writeTool(schema, description, notes);
}

function writeSchema(schema: JsonObject, description: unknown, notes: RequestNotes): Format {
  const fitted = fitSchema(typeof description === 'string' && schema.description === undefined ? { ...schema, description } : schema);
  if (fitted.loosened.size > 0) {
    notes.warn(
      `response-format-schema-loosened=${[...fitted.loosened]
        .sort()
        .join('+')
        .toLowerCase()
        .replace(/[^a-z+]/g, '')}`,
    );
  }
  if (fitted.isClosed) notes.warn('response-format-schema-closed');
  return { format: { type: 'json_schema', schema: fitted.schema } };
}

function writeTool(schema: JsonObject, description: unknown, notes: RequestNotes): Format {
  if (schema.type !== undefined && schema.type !== 'object') {
    notes.refuse('response_format', '`response_format.json_schema.schema` is of no object, and this model can answer with an object alone');
  }
  return {
    tool: {
      name: JSON_TOOL,
      description: typeof description === 'string' ? description : 'Gives the answer in the form that was asked for.',
      input_schema: { ...schema, type: 'object' },
    },
  };
}
