import { isEmptyObject } from '../translate/is-empty-object.ts';
import type { ParameterDecision } from '../translate/judge-parameters.ts';

const WRITTEN: ParameterDecision = { kind: 'written' };
const IGNORED: ParameterDecision = { kind: 'ignored' };

/** Every documented parameter of https://platform.openai.com/docs/api-reference/chat/create, and two that Google's own clients send. */
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
  n: { kind: 'refused', idle: (value) => value === 1, help: 'send one request per answer' },
  logprobs: { kind: 'refused', idle: (value) => value === false, help: 'leave it out' },
  top_logprobs: { kind: 'refused', idle: (value) => value === 0, help: 'leave it out' },
  logit_bias: { kind: 'refused', idle: isEmptyObject, help: 'leave it out' },
  modalities: {
    kind: 'refused',
    idle: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
    help: 'ask for `text`',
  },
  audio: { kind: 'refused', help: 'ask for `text`' },
  moderation: { kind: 'refused', help: 'leave it out' },
  web_search_options: { kind: 'refused', help: 'declare a function for the search' },
  functions: { kind: 'refused', idle: isEmptyObject, help: 'use `tools`' },
  function_call: { kind: 'refused', help: 'use `tool_choice`' },
};
