import type { BackendType } from '../../schema/vocabulary.ts';
import type { Dialect } from './dialect.ts';
import { createOpenAiDialect, judgeLlamaCpp, readOllamaResidency } from './openai.ts';

const MODEL_LIST = { capName: 'max_tokens', healthPath: '/v1/models' } as const;

/** Null: this version does not speak it; such backends stay down and say so. */
export const DIALECTS: Readonly<Record<BackendType, Dialect | null>> = {
  // OpenAI's reasoning models refuse `max_tokens`; all its chat models accept the newer name.
  openai: createOpenAiDialect({ capName: 'max_completion_tokens', healthPath: '/v1/models' }),
  anthropic: null,
  google: null,
  ollama: createOpenAiDialect({
    capName: 'max_tokens',
    healthPath: '/api/tags',
    residency: { path: '/api/ps', read: readOllamaResidency },
  }),
  vllm: createOpenAiDialect(MODEL_LIST),
  llamacpp: createOpenAiDialect({ capName: 'max_tokens', healthPath: '/health', judge: judgeLlamaCpp }),
  lmstudio: createOpenAiDialect(MODEL_LIST),
  generic: createOpenAiDialect(MODEL_LIST),
};
