import { type Decision, IDLE, IGNORED, isEmpty, SAID } from '../parameters.ts';

const KEPT_NOTHING = 'send the whole conversation as `input`: nothing is kept between requests here';

/** Every parameter of https://platform.openai.com/docs/api-reference/responses/create. */
export const PARAMETERS: Readonly<Record<string, Decision>> = {
  model: SAID,
  input: SAID,
  instructions: SAID,
  stream: SAID,
  tools: SAID,
  tool_choice: SAID,
  parallel_tool_calls: SAID,
  text: SAID,
  reasoning: SAID,
  include: SAID,
  max_output_tokens: SAID,
  temperature: SAID,
  top_p: SAID,
  user: SAID,
  safety_identifier: SAID,
  prompt_cache_key: SAID,
  prompt_cache_retention: SAID,
  service_tier: SAID,
  /** Comes back with the answer; a chat completion that is not stored takes none. */
  metadata: IDLE,
  stream_options: IDLE,
  /** Bounds calls of built-in tools, and there are none. */
  max_tool_calls: IDLE,
  store: { kind: 'ignored', idle: (value) => value === false },
  truncation: { kind: 'ignored', idle: (value) => value === 'disabled' },
  context_management: { kind: 'ignored', idle: isEmpty },
  prompt_cache_options: { kind: 'ignored', idle: isEmpty },
  access_programs: IGNORED,
  image: IGNORED,
  top_logprobs: { kind: 'refused', help: 'leave it out', idle: (value) => value === 0 },
  background: { kind: 'refused', help: 'wait for the answer, or stream it', idle: (value) => value === false },
  previous_response_id: { kind: 'refused', help: KEPT_NOTHING },
  conversation: { kind: 'refused', help: KEPT_NOTHING },
  prompt: { kind: 'refused', help: 'send its text as `instructions`: stored prompts belong to one provider' },
  moderation: { kind: 'refused', help: 'leave it out' },
};
