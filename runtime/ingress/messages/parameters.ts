import { type Decision, IDLE, IGNORED, isEmpty, SAID } from '../parameters.ts';

/** Every parameter of https://platform.claude.com/docs/en/api/messages/create, and those of its betas that agents send. */
export const PARAMETERS: Readonly<Record<string, Decision>> = {
  model: SAID,
  messages: SAID,
  max_tokens: SAID,
  system: SAID,
  stream: SAID,
  tools: SAID,
  tool_choice: SAID,
  thinking: SAID,
  output_config: SAID,
  /** What `output_config.format` was called in its beta. */
  output_format: SAID,
  stop_sequences: SAID,
  temperature: SAID,
  top_p: SAID,
  metadata: SAID,
  service_tier: SAID,
  top_k: IGNORED,
  /** Marks the last block by itself; every other server caches by itself anyhow. */
  cache_control: IGNORED,
  diagnostics: { kind: 'ignored', idle: isEmpty },
  context_management: IGNORED,
  speed: { kind: 'ignored', idle: (value) => value === 'standard' },
  betas: IDLE,
  container: { kind: 'refused', help: 'leave it out: containers belong to one provider' },
  inference_geo: { kind: 'refused', help: 'leave it out: the policy says where requests may go' },
  mcp_servers: { kind: 'refused', help: "declare the servers' tools as `tools` of your own", idle: isEmpty },
};
