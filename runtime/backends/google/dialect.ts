import type { Dialect } from '../dialect.ts';
import { judgeModelList } from '../judge-model-list.ts';
import { writeTranslated } from '../translate/write-translated.ts';
import { googleEmbeddings } from './embeddings.ts';
import { isKeyInvalid } from './is-key-invalid.ts';
import { googleTranslator } from './translator.ts';

/**
 * The Gemini API. The key goes in a header, never in the address, which logs and proxies keep.
 * Source: https://ai.google.dev/gemini-api/docs/api-key, https://ai.google.dev/api/models#method:-models.list (free of charge)
 */
export const googleDialect: Dialect = {
  write: writeTranslated(googleTranslator, googleEmbeddings),
  chat: googleTranslator,
  embeddings: googleEmbeddings,
  asksForUsage: false,
  natives: {},
  authorize: (key) => ['x-goog-api-key', key],
  refusesKey: isKeyInvalid,
  healthPath: '/v1beta/models?pageSize=1',
  healthHeaders: [],
  judge: judgeModelList,
  residency: null,
};
