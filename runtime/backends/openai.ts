import type { Endpoint } from '../../schema/vocabulary.ts';
import { splice } from '../intent/splice.ts';
import type { Dialect } from './dialect.ts';
import { fitCallIds } from './fit-call-ids.ts';
import { judgeModelList } from './judge-model-list.ts';

const PATHS: Readonly<Record<Endpoint, string>> = { chat: '/v1/chat/completions', embeddings: '/v1/embeddings' };
const NONE: readonly string[] = [];

interface Variant {
  /** The name of the output cap that the server's newest models accept. */
  readonly capName: 'max_tokens' | 'max_completion_tokens';
  readonly healthPath: string;
  /** The server takes `stream_options`. */
  readonly asksForUsage: boolean;
  readonly judge?: Dialect['judge'];
  readonly residency?: Dialect['residency'];
  readonly natives?: Dialect['natives'];
  /** Most characters of a tool call's id; left out: any. */
  readonly longestId?: number;
}

/**
 * Servers that speak OpenAI's HTTP API. The request goes on as it came but for byte splices.
 * Source of the wire format: https://platform.openai.com/docs/api-reference
 */
export function createOpenAiDialect(variant: Variant): Dialect {
  const { capName, asksForUsage, longestId = Number.POSITIVE_INFINITY } = variant;
  return {
    write(endpoint, request, target, cap, meters = false) {
      const isChat = endpoint === 'chat';
      const renames = request.body.model !== target.upstream;
      const asks = meters && isChat && request.stream && asksForUsage && !request.includeUsage;
      const edits = isChat ? fitCallIds(request, longestId) : [];
      const body =
        renames || asks || (isChat && cap !== null) || edits.length > 0
          ? splice(request, {
              ...(renames ? { model: target.upstream } : {}),
              ...(cap === null || !isChat ? {} : { outputCap: { name: capName, tokens: cap } }),
              ...(asks ? { includeUsage: true } : {}),
              ...(edits.length === 0 ? {} : { edits }),
            })
          : request.buffer;
      return { path: PATHS[endpoint], headers: NONE, body, warnings: NONE };
    },
    chat: null,
    embeddings: null,
    asksForUsage,
    natives: variant.natives ?? {},
    authorize: (key) => ['authorization', `Bearer ${key}`],
    refusesKey: (status) => status === 401,
    healthPath: variant.healthPath,
    healthHeaders: NONE,
    judge: variant.judge ?? judgeModelList,
    residency: variant.residency ?? null,
  };
}
