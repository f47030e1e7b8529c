import type { FastifyContextConfig, FastifySchema } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { DetailShape } from './coordination/shapes.ts';
import { OrchestratorErrorShape } from './orchestrator/shapes.ts';

const JSON_TYPE = 'application/json';
/** https://platform.claude.com/docs/en/api/errors */
const MessagesErrorShape = Type.Object({
  type: Type.Literal('error'),
  error: Type.Object({ type: Type.String(), message: Type.String() }),
});
/** https://docs.ollama.com/api/errors */
const OllamaErrorShape = Type.Object({ error: Type.String() });
/** As it is streamed or not; Ollama's streams are lines. */
const PROXIED = [JSON_TYPE, 'text/event-stream', 'application/x-ndjson'];
const WORDS: readonly (readonly [under: string, shape: TSchema])[] = [
  ['/api/coordination', DetailShape],
  ['/api', OllamaErrorShape],
  ['/v1/messages', MessagesErrorShape],
];

/**
 * A route as the API's description tells it: what is no JSON by its media type, errors always as JSON, in the words of the route's API,
 * and what every route may answer beside its own (401, 413, 429, 503, …) as `default`.
 */
export function describeAnswers(
  schema: FastifySchema & { readonly produces?: readonly string[] },
  url: string,
  config: FastifyContextConfig,
): FastifySchema {
  const { produces = config.proxied ? PROXIED : [JSON_TYPE], ...rest } = schema;
  const words = WORDS.find(([under]) => url === under || url.startsWith(`${under}/`))?.[1] ?? OrchestratorErrorShape;
  const response: Record<string, object> = {};
  let succeeds = false;
  for (const [status, shape] of Object.entries((rest.response ?? {}) as Record<string, TSchema & Described>)) {
    const { description, headers, ...own } = shape;
    const good = /^[23]/.test(status);
    const types = good ? produces : [JSON_TYPE];
    succeeds ||= good;
    response[status] = describe(types, good || !isForeign(words) ? own : words, description, headers);
  }
  if (!succeeds)
    response[200] = describe(produces, produces[0] === JSON_TYPE ? {} : { type: 'string' }, rest.summary as string | undefined);
  response.default = describe([JSON_TYPE], words, 'it was refused, or failed');
  return { ...rest, response };
}

interface Described {
  readonly description?: string;
  readonly headers?: object;
}

function isForeign(words: TSchema): boolean {
  return words === OllamaErrorShape || words === MessagesErrorShape;
}

function describe(types: readonly string[], shape: object, description: string | undefined, headers?: object): object {
  const content = Object.fromEntries(types.map((type) => [type, { schema: shape }]));
  return { ...(description === undefined ? {} : { description }), ...(headers === undefined ? {} : { headers }), content };
}
