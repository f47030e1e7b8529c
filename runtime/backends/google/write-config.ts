import type { ChatBody } from '../translate/translator.ts';
import { isJsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import { warnOfDropped } from './warn-of-dropped.ts';
import { writeSchema } from './write-schema.ts';
import { writeThinking } from './write-thinking.ts';

/** Most `stopSequences` that the API takes. */
const MOST_STOPS = 5;
const PENALTY_LIMIT = 2;

/**
 * `generationConfig`.
 * Source: https://ai.google.dev/api/generate-content#generationconfig
 *
 * @param cap the output cap that must stand; null = the caller's own.
 */
export function writeConfig(body: ChatBody, model: string, cap: number | null, notes: RequestNotes): object | undefined {
  const config: Record<string, unknown> = {
    maxOutputTokens: cap ?? readNumber(body, 'max_completion_tokens', notes) ?? readNumber(body, 'max_tokens', notes),
    temperature: readClamped(body, 'temperature', 0, 2, notes),
    topP: readClamped(body, 'top_p', 0, 1, notes),
    topK: readNumber(body, 'top_k', notes),
    stopSequences: readStops(body, notes),
    seed: readNumber(body, 'seed', notes),
    presencePenalty: readClamped(body, 'presence_penalty', -PENALTY_LIMIT, PENALTY_LIMIT, notes),
    frequencyPenalty: readClamped(body, 'frequency_penalty', -PENALTY_LIMIT, PENALTY_LIMIT, notes),
    thinkingConfig: writeThinking(body, model, notes),
    ...writeFormat(body.response_format, notes),
  };
  return Object.values(config).some((value) => value !== undefined) ? config : undefined;
}

function readNumber(body: ChatBody, name: string, notes: RequestNotes): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  notes.refuse(name, `\`${name}\` must be a number`);
  return undefined;
}

function readClamped(body: ChatBody, name: string, low: number, high: number, notes: RequestNotes): number | undefined {
  const value = readNumber(body, name, notes);
  if (value === undefined || (value >= low && value <= high)) return value;
  const clamped = value < low ? low : high;
  notes.warn(`${name.replaceAll('_', '-')}-clamped=${clamped}`);
  return clamped;
}

function readStops({ stop }: ChatBody, notes: RequestNotes): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  const list = Array.isArray(stop) ? stop : [stop];
  if (!list.every((item) => typeof item === 'string')) {
    notes.refuse('stop', '`stop` must be a string or a list of strings');
    return undefined;
  }
  const stops = list.filter((item) => item !== '');
  if (stops.length > MOST_STOPS)
    notes.refuse('stop', `\`stop\` has ${stops.length} strings; help: gemini models take at most ${MOST_STOPS}`);
  return stops.length === 0 ? undefined : stops;
}

function writeFormat(format: unknown, notes: RequestNotes): object {
  if (format === undefined || format === null) return {};
  const kind = isJsonObject(format) ? format.type : undefined;
  if (kind === 'text') return {};
  if (kind === 'json_object') return { responseMimeType: 'application/json' };
  const asked = isJsonObject(format) && kind === 'json_schema' ? format.json_schema : undefined;
  if (!isJsonObject(asked)) {
    notes.refuse('response_format', '`response_format` is none of `text`, `json_object`, and `json_schema` with its schema');
    return {};
  }
  if (!isJsonObject(asked.schema)) return { responseMimeType: 'application/json' };
  const dropped = new Set<string>();
  const schema = writeSchema(asked.schema, dropped);
  warnOfDropped('response', dropped, notes);
  const isDescribed = typeof asked.description === 'string' && schema.description === undefined;
  return {
    responseMimeType: 'application/json',
    responseJsonSchema: isDescribed ? { ...schema, description: asked.description } : schema,
  };
}
