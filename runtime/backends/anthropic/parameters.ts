import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';

/**
 * What becomes of a parameter. written: it is said in Anthropic's words. ignored: it changes no meaning of the answer, and that it was
 * left out is told. refused: leaving it out would change what was asked for. `idle` values ask for nothing, like null.
 */
export type Decision =
  | { readonly kind: 'written' }
  | { readonly kind: 'ignored'; readonly idle?: (value: unknown) => boolean }
  | { readonly kind: 'refused'; readonly help: string; readonly idle?: (value: unknown) => boolean };

const WRITTEN: Decision = { kind: 'written' };
const IGNORED: Decision = { kind: 'ignored' };

/** Every documented parameter of https://platform.openai.com/docs/api-reference/chat/create, and what Claude's clients send beside them. */
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
  tools: WRITTEN,
  tool_choice: WRITTEN,
  parallel_tool_calls: WRITTEN,
  response_format: WRITTEN,
  reasoning_effort: WRITTEN,
  thinking: WRITTEN,
  user: WRITTEN,
  safety_identifier: WRITTEN,
  service_tier: WRITTEN,
  seed: IGNORED,
  metadata: { kind: 'ignored', idle: isEmpty },
  prediction: IGNORED,
  prompt_cache_key: IGNORED,
  prompt_cache_options: IGNORED,
  prompt_cache_retention: IGNORED,
  presence_penalty: { kind: 'ignored', idle: (value) => value === 0 },
  frequency_penalty: { kind: 'ignored', idle: (value) => value === 0 },
  store: { kind: 'ignored', idle: (value) => value === false },
  verbosity: { kind: 'ignored', idle: (value) => value === 'medium' },
  n: { kind: 'refused', help: 'send one request per answer', idle: (value) => value === 1 },
  logprobs: { kind: 'refused', help: 'leave it out', idle: (value) => value === false },
  top_logprobs: { kind: 'refused', help: 'leave it out', idle: (value) => value === 0 },
  logit_bias: { kind: 'refused', help: 'leave it out', idle: isEmpty },
  modalities: {
    kind: 'refused',
    help: 'ask for `text` alone',
    idle: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
  },
  audio: { kind: 'refused', help: 'ask for text' },
  moderation: { kind: 'refused', help: 'leave it out' },
  web_search_options: { kind: 'refused', help: 'declare a function that searches' },
  functions: { kind: 'refused', help: 'use `tools`', idle: isEmpty },
  function_call: { kind: 'refused', help: 'use `tool_choice`', idle: (value) => value === 'none' || value === 'auto' },
};

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Refuses or announces every parameter that has no counterpart, unknown ones too. */
export function judgeParameters(body: ChatBody, notes: RequestNotes): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    const decision = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : IGNORED;
    if (decision.kind === 'written' || decision.idle?.(value)) continue;
    if (decision.kind === 'refused') notes.refuse(name, `claude models know no \`${name}\`; help: ${decision.help}`);
    else notes.warn(`${/^\w{1,40}$/.test(name) ? name.toLowerCase().replaceAll('_', '-') : 'parameter'}-ignored`);
  }
}
