import type { Dialect } from '../dialect.ts';
import { judgeModelList } from '../judge-model-list.ts';
import { writeTranslated } from '../translate/write-translated.ts';
import { refuseEmbeddings } from './refuse-embeddings.ts';
import { anthropicTranslator } from './translator.ts';
import { VERSION_HEADERS } from './version-headers.ts';

/** Anthropic's API. Source: https://platform.claude.com/docs/en/api/overview, …/api/models-list (free of charge) */
export const anthropicDialect: Dialect = {
  write: writeTranslated(anthropicTranslator, refuseEmbeddings),
  chat: anthropicTranslator,
  embeddings: refuseEmbeddings,
  asksForUsage: false,
  natives: { messages: { path: '/v1/messages', headers: VERSION_HEADERS, passes: ['anthropic-beta'], wire: 'messages' } },
  authorize: (key) => ['x-api-key', key],
  // 403 is a matter of what the key may do, not of what it is.
  refusesKey: (status) => status === 401,
  healthPath: '/v1/models?limit=1',
  healthHeaders: VERSION_HEADERS,
  judge: judgeModelList,
  residency: null,
};
