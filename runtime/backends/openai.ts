import type { Endpoint } from '../../schema/vocabulary.ts';
import { splice } from '../intent/splice.ts';
import type { Dialect, Health } from './dialect.ts';

const PATHS: Readonly<Record<Endpoint, string>> = { chat: '/v1/chat/completions', embeddings: '/v1/embeddings' };

interface Variant {
  /** The name of the output cap that the server's newest models accept. */
  readonly capName: 'max_tokens' | 'max_completion_tokens';
  readonly healthPath: string;
  readonly judge?: Dialect['judge'];
  readonly residency?: Dialect['residency'];
}

/**
 * Servers that speak OpenAI's HTTP API. The request goes on as it came but for byte splices.
 * Source of the wire format: https://platform.openai.com/docs/api-reference
 */
export function createOpenAiDialect(variant: Variant): Dialect {
  return {
    write(endpoint, request, target, cap) {
      const model = request.body.model === target.upstream ? undefined : target.upstream;
      const body = splice(request, {
        ...(model === undefined ? {} : { model }),
        ...(cap === null || endpoint !== 'chat' ? {} : { outputCap: { name: variant.capName, tokens: cap } }),
      });
      return { path: PATHS[endpoint], headers: [], body };
    },
    authorize: (key) => ['authorization', `Bearer ${key}`],
    healthPath: variant.healthPath,
    judge: variant.judge ?? judgeModelList,
    residency: variant.residency ?? null,
  };
}

/** A server that answers at all can be tried: some have no model list, and say 404 or 405. */
export function judgeModelList(status: number): Health {
  if (status === 401 || status === 403) return { state: 'down', reason: `the api key is refused (${status})` };
  if (status >= 500) return { state: 'down', reason: `the health check answers ${status}` };
  return { state: 'up' };
}

/** `GET /health` of llama.cpp's server answers 503 with `Loading model` until the model is in memory. */
export function judgeLlamaCpp(status: number, body: string): Health {
  if (status === 503 && body.includes('oading')) return { state: 'loading', reason: 'the model is being loaded' };
  return judgeModelList(status);
}

/** Names in `GET /api/ps` of Ollama; a name without a tag means `:latest`. */
export function readOllamaResidency(body: string): ReadonlySet<string> {
  const names = new Set<string>();
  const list = (JSON.parse(body) as { models?: unknown }).models;
  if (!Array.isArray(list)) throw new SyntaxError('no list of models');
  for (const entry of list) {
    const name = (entry as { name?: unknown } | null)?.name;
    if (typeof name === 'string') names.add(name.replace(/:latest$/, ''));
  }
  return names;
}
