import { isEmptyObject } from '../translate/is-empty-object.ts';
import type { ParameterDecision } from '../translate/judge-parameters.ts';

const WRITTEN: ParameterDecision = { kind: 'written' };
const IGNORED: ParameterDecision = { kind: 'ignored' };

/** Every documented parameter of https://platform.openai.com/docs/api-reference/chat/create, and what Claude's clients send beside them. */
export const PARAMETERS: Readonly<Record<string, ParameterDecision>> = {
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
  metadata: { kind: 'ignored', idle: isEmptyObject },
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
  logit_bias: { kind: 'refused', help: 'leave it out', idle: isEmptyObject },
  modalities: {
    kind: 'refused',
    help: 'ask for `text` alone',
    idle: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
  },
  audio: { kind: 'refused', help: 'ask for text' },
  moderation: { kind: 'refused', help: 'leave it out' },
  web_search_options: { kind: 'refused', help: 'declare a function that searches' },
  functions: { kind: 'refused', help: 'use `tools`', idle: isEmptyObject },
  function_call: { kind: 'refused', help: 'use `tool_choice`', idle: (value) => value === 'none' || value === 'auto' },
};
