import type { NativeApi } from '../backends/dialect.ts';
import { errorsOf, OPENAI_ERRORS } from '../gateway/error-words.ts';
import type { ProxiedRoute } from '../gateway/proxied-route.ts';
import { INGRESSES } from '../ingress/ingresses.ts';
import { ChatRequestShape, EmbeddingsRequestShape, NamedRequestShape } from './shapes.ts';

/** A proxied route as the API's description has it. */
export interface DescribedRoute extends ProxiedRoute {
  readonly summary: string;
  readonly tag: string;
  readonly body: object;
}

/** Every route by which requests reach a backend: `POST` to each. */
export const PROXIED_ROUTES: readonly DescribedRoute[] = [
  {
    path: '/v1/chat/completions',
    endpoint: 'chat',
    ingress: null,
    scope: 'llm:invoke',
    errors: OPENAI_ERRORS,
    tag: 'OpenAI API',
    summary: 'a chat completion by the target that the policy chooses',
    body: ChatRequestShape,
  },
  {
    path: '/v1/embeddings',
    endpoint: 'embeddings',
    ingress: null,
    scope: 'llm:invoke',
    errors: OPENAI_ERRORS,
    tag: 'OpenAI API',
    summary: 'embeddings by the target that the policy chooses',
    body: EmbeddingsRequestShape,
  },
  enter('responses', '/v1/responses', 'OpenAI API', 'a response by the target that the policy chooses; nothing is stored'),
  enter('messages', '/v1/messages', 'Anthropic API', 'a message by the target that the policy chooses'),
  enter('ollama-chat', '/api/chat', 'Ollama API', 'a chat by the target that the policy chooses'),
  enter('ollama-generate', '/api/generate', 'Ollama API', 'a completion by the target that the policy chooses'),
  enter('ollama-embed', '/api/embed', 'Ollama API', 'embeddings by the target that the policy chooses'),
];

function enter(api: NativeApi, path: string, tag: string, summary: string): DescribedRoute {
  const ingress = INGRESSES[api];
  return {
    path,
    endpoint: ingress.endpoint,
    ingress,
    scope: 'llm:invoke',
    errors: errorsOf(ingress),
    tag,
    summary,
    body: NamedRequestShape,
  };
}
