import type { ChatBody } from '../translate/translator.ts';
import type { RequestNotes } from '../translate/request-notes.ts';

/**
 * What becomes of a parameter. written: it is said in Gemini's words. ignored: it changes no meaning of the answer, and that it was left
 * out is told. refused: leaving it out would change what was asked for. `idle` values ask for nothing, like null.
 */
type Decision =
  | { readonly kind: 'written' }
  | { readonly kind: 'ignored'; readonly idle?: (value: unknown) => boolean }
  | { readonly kind: 'refused'; readonly remedy: string; readonly idle?: (value: unknown) => boolean };

const WRITTEN: Decision = { kind: 'written' };
const IGNORED: Decision = { kind: 'ignored' };

/** Every documented parameter of https://platform.openai.com/docs/api-reference/chat/create, and two that Google's own clients send. */
export const PARAMETERS: Readonly<Record<string, Decision>> = {
  model: WRITTEN,
  messages: WRITTEN,
  stream: WRITTEN,
  stream_options: WRITTEN,
  max_tokens: WRITTEN,
  max_completion_tokens: WRITTEN,
  temperature: WRITTEN,
  top_p: WRITTEN,
  top_k: WRITTEN,
  stop: WRITTEN,
  seed: WRITTEN,
  presence_penalty: WRITTEN,
  frequency_penalty: WRITTEN,
  tools: WRITTEN,
  tool_choice: WRITTEN,
  parallel_tool_calls: WRITTEN,
  response_format: WRITTEN,
  reasoning_effort: WRITTEN,
  extra_body: WRITTEN,
  user: IGNORED,
  safety_identifier: IGNORED,
  prompt_cache_key: IGNORED,
  prompt_cache_options: IGNORED,
  prompt_cache_retention: IGNORED,
  metadata: IGNORED,
  prediction: IGNORED,
  store: { kind: 'ignored', idle: (value) => value === false },
  service_tier: { kind: 'ignored', idle: (value) => value === 'auto' || value === 'default' },
  verbosity: { kind: 'ignored', idle: (value) => value === 'medium' },
  n: { kind: 'refused', idle: (value) => value === 1, remedy: 'send one request per answer' },
  logprobs: { kind: 'refused', idle: (value) => value === false, remedy: 'leave it out' },
  top_logprobs: { kind: 'refused', idle: (value) => value === 0, remedy: 'leave it out' },
  logit_bias: { kind: 'refused', idle: isEmpty, remedy: 'leave it out' },
  modalities: {
    kind: 'refused',
    idle: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
    remedy: 'ask for `text`',
  },
  audio: { kind: 'refused', remedy: 'ask for `text`' },
  moderation: { kind: 'refused', remedy: 'leave it out' },
  web_search_options: { kind: 'refused', remedy: 'declare a function for the search' },
  functions: { kind: 'refused', idle: isEmpty, remedy: 'use `tools`' },
  function_call: { kind: 'refused', remedy: 'use `tool_choice`' },
};

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Refuses or announces every parameter that has no counterpart. */
export function judgeParameters(body: ChatBody, notes: RequestNotes): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    const decision = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : IGNORED;
    if (decision.kind === 'written' || decision.idle?.(value)) continue;
    if (decision.kind === 'refused') notes.refuse(name, `gemini models know no \`${name}\`; help: ${decision.remedy}`);
    else notes.warn(`${/^\w{1,40}$/.test(name) ? name.toLowerCase().replaceAll('_', '-') : 'parameter'}-ignored`);
  }
}
