import type { BackendType } from '../../schema/vocabulary.ts';
import { anthropicDialect } from './anthropic/dialect.ts';
import type { Dialect } from './dialect.ts';
import { googleDialect } from './google/dialect.ts';
import { judgeLlamaCpp } from './judge-llama-cpp.ts';
import { ollamaDialect } from './ollama/dialect.ts';
import { createOpenAiDialect } from './openai.ts';

const MODEL_LIST = { capName: 'max_tokens', healthPath: '/v1/models' } as const;

export const DIALECTS: Readonly<Record<BackendType, Dialect>> = {
  openai: createOpenAiDialect({
    // OpenAI's reasoning models refuse `max_tokens`; all its chat models accept the newer name.
    capName: 'max_completion_tokens',
    healthPath: '/v1/models',
    asksForUsage: true,
    // `Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40`
    longestId: 40,
    natives: { responses: { path: '/v1/responses', headers: [], passes: [], wire: 'responses' } },
  }),
  anthropic: anthropicDialect,
  google: googleDialect,
  ollama: ollamaDialect,
  vllm: createOpenAiDialect({ ...MODEL_LIST, asksForUsage: true }),
  llamacpp: createOpenAiDialect({ capName: 'max_tokens', healthPath: '/health', judge: judgeLlamaCpp, asksForUsage: true }),
  lmstudio: createOpenAiDialect({ ...MODEL_LIST, asksForUsage: true }),
  // A server that nobody knows may refuse what it does not know.
  generic: createOpenAiDialect({ ...MODEL_LIST, asksForUsage: false }),
};
