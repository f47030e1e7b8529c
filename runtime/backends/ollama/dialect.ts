import type { Dialect } from '../dialect.ts';
import { judgeModelList } from '../judge-model-list.ts';
import { writeTranslated } from '../translate/write-translated.ts';
import { ollamaEmbeddings } from './embeddings.ts';
import { readResidency } from './read-residency.ts';
import { ollamaTranslator } from './translator.ts';

/** Ollama, in its own API (see Why in the README of backends). Its key is that of a proxy before it, or of its cloud. */
export const ollamaDialect: Dialect = {
  write: writeTranslated(ollamaTranslator, ollamaEmbeddings),
  chat: ollamaTranslator,
  embeddings: ollamaEmbeddings,
  asksForUsage: false,
  natives: {
    'ollama-chat': { path: '/api/chat', headers: [], passes: [], wire: 'ollama' },
    'ollama-generate': { path: '/api/generate', headers: [], passes: [], wire: 'ollama' },
    'ollama-embed': { path: '/api/embed', headers: [], passes: [], wire: 'ollama' },
  },
  authorize: (key) => ['authorization', `Bearer ${key}`],
  refusesKey: (status) => status === 401,
  healthPath: '/api/tags',
  healthHeaders: [],
  judge: judgeModelList,
  residency: { path: '/api/ps', read: readResidency },
};
