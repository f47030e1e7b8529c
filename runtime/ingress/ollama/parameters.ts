import { type Decision, IGNORED, isEmpty, SAID } from '../parameters.ts';

const NO_LOGPROBS: Decision = { kind: 'refused', help: 'leave it out', idle: (value) => value === false || value === 0 };

const COMMON = {
  model: SAID,
  stream: SAID,
  format: SAID,
  think: SAID,
  options: SAID,
  /** Backends load and unload models as they are configured to. */
  keep_alive: IGNORED,
  logprobs: NO_LOGPROBS,
  top_logprobs: NO_LOGPROBS,
  truncate: IGNORED,
  shift: IGNORED,
} as const satisfies Record<string, Decision>;

/** Every parameter of https://docs.ollama.com/api/chat. */
export const CHAT_PARAMETERS: Readonly<Record<string, Decision>> = { ...COMMON, messages: SAID, tools: SAID };

/** Every parameter of https://docs.ollama.com/api/generate. */
export const GENERATE_PARAMETERS: Readonly<Record<string, Decision>> = {
  ...COMMON,
  prompt: SAID,
  system: SAID,
  images: SAID,
  suffix: { kind: 'refused', help: 'ask for the middle in the `prompt`: chat models have no word for it', idle: isEmpty },
  template: { kind: 'refused', help: "leave it out: backends have their models' own", idle: isEmpty },
  context: { kind: 'refused', help: 'use `/api/chat` and send the whole conversation: nothing is kept here', idle: isEmpty },
  raw: { kind: 'refused', help: 'send the text without a template', idle: (value) => value === false },
  width: IGNORED,
  height: IGNORED,
  steps: IGNORED,
};

/** Every parameter of https://docs.ollama.com/api/embed. */
export const EMBED_PARAMETERS: Readonly<Record<string, Decision>> = {
  model: SAID,
  input: SAID,
  dimensions: SAID,
  /** Whoever is asked cuts what is too long, or says that it is. */
  truncate: IGNORED,
  keep_alive: IGNORED,
  options: IGNORED,
};

/** Options with a word in chat completions; others steer one server's machinery. https://docs.ollama.com/modelfile#parameter */
export const OPTIONS: Readonly<Record<string, Decision>> = {
  num_predict: SAID,
  temperature: SAID,
  top_p: SAID,
  seed: SAID,
  stop: SAID,
  presence_penalty: SAID,
  frequency_penalty: SAID,
};
