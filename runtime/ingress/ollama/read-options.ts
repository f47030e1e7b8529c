import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { ParameterReader } from '../parameter-reader.ts';
import { judgeParameters } from '../parameters.ts';
import { OPTIONS } from './parameters.ts';

/** `options` as parameters of chat completions. */
export function readOptions(body: JsonObject, notes: RequestNotes): JsonObject {
  const options = new ParameterReader(body, notes).object('options');
  if (options === undefined) return {};
  judgeParameters(options, OPTIONS, notes, 'options.');
  const reader = new ParameterReader(options, notes, 'options.');
  const predicted = reader.integer('num_predict', -2);
  if (predicted === 0) notes.refuse('options', '`options.num_predict` is 0; help: ask for at least one token');
  return {
    // Below 0: without end.
    max_tokens: predicted !== undefined && predicted > 0 ? predicted : undefined,
    temperature: reader.number('temperature', 0, 2),
    top_p: reader.number('top_p', 0, 1),
    seed: reader.integer('seed', Number.MIN_SAFE_INTEGER),
    stop: typeof options.stop === 'string' ? [options.stop] : reader.strings('stop'),
    presence_penalty: reader.number('presence_penalty', -2, 2),
    frequency_penalty: reader.number('frequency_penalty', -2, 2),
  };
}
