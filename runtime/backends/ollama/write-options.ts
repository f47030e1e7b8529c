import type { TargetConfig } from '../../../schema/manifest.ts';
import type { JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';

/** Numbers that are called there as they are here, or that Ollama's own clients send beside OpenAI's. */
const NUMBERS = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'typical_p',
  'repeat_penalty',
  'repeat_last_n',
  'seed',
  'presence_penalty',
  'frequency_penalty',
] as const;

/**
 * `options`. The context window is the one that the policy declares, always the same one: left out, Ollama takes 4,096 tokens on most
 * machines and cuts what is longer; and whenever it changes from one request to the next, the model is loaded anew
 * (https://docs.ollama.com/context-length, https://github.com/ollama/ollama/issues/9977).
 */
export function writeOptions(body: ChatBody, target: TargetConfig, cap: number | null, notes: RequestNotes): JsonObject | undefined {
  const options: Record<string, unknown> = {};
  if (target.context !== null) options.num_ctx = target.context;
  const limit = cap ?? body.max_completion_tokens ?? body.max_tokens;
  if (typeof limit === 'number') options.num_predict = limit;
  for (const name of NUMBERS) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'number') options[name] = value;
    else notes.refuse(name, `\`${name}\` must be a number`);
  }
  const { stop } = body;
  if (stop !== undefined && stop !== null) {
    const list = Array.isArray(stop) ? stop : [stop];
    if (list.every((item) => typeof item === 'string')) options.stop = list.filter((item) => item !== '');
    else notes.refuse('stop', '`stop` must be a string or a list of strings');
  }
  return Object.keys(options).length === 0 ? undefined : options;
}
