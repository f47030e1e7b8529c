import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import { errorsOf } from '../gateway/error-words.ts';
import { ollamaChatIngress } from '../ingress/ollama/chat.ts';
import { readShow } from '../ingress/ollama/read-show.ts';
import { type ListedModel, writePs, writeShow, writeTags, writeVersion } from '../ingress/ollama/write-models.ts';
import { TARGET_STATE } from '../../schema/snapshot.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { bodyOf } from './body-of.ts';
import { digestOf, listModels, type PolicyModel } from './list-models.ts';
import { findModel } from './models.ts';
import { OpenShape } from './shapes.ts';

/** Told of a model without a limit: the largest whole number that every client can hold. */
const UNLIMITED = 2 ** 31 - 1;

/** What clients of Ollama ask of a server beside answers: `GET /api/tags`, `/api/ps`, `/api/version`, `POST /api/show`. */
export function serveOllamaLists(app: FastifyInstance, version: string): void {
  const config = { scope: 'llm:invoke', errors: errorsOf(ollamaChatIngress) } as const;
  const describe = (summary: string) => ({ config, schema: { summary, tags: ['Ollama API'], response: { 200: OpenShape } } });
  app.get('/api/tags', describe('names that a request may ask for'), ({ router }, reply) =>
    send(reply, writeTags(listModels(router).map((model) => toListed(router, model)))),
  );
  app.get('/api/ps', describe('those that a target is ready to serve'), ({ router }, reply) =>
    send(
      reply,
      writePs(
        listModels(router)
          .filter(({ targets }) => targets.some((row) => isReady(router, row)))
          .map((model) => toListed(router, model)),
      ),
    ),
  );
  app.get('/api/version', describe('version of the server'), (_request, reply) => send(reply, writeVersion(version)));
  const shown = describe('what a name can do');
  const body = Type.Object({ model: Type.Optional(Type.String()) }, { additionalProperties: true });
  app.post('/api/show', { ...shown, schema: { ...shown.schema, body }, validatorCompiler: () => () => true }, (request, reply) =>
    send(reply, writeShow(toListed(request.router, findModel(request.router, readShow(bodyOf(request)))))),
  );
}

function send(reply: FastifyReply, body: Buffer): FastifyReply {
  return reply.type('application/json; charset=utf-8').serializer(String).send(body);
}

function isReady({ routes }: LiveRouter, row: number): boolean {
  const { backend, config } = routes[row];
  return (backend.stateOf(config.upstream) & (TARGET_STATE.DOWN | TARGET_STATE.LOADING)) === 0;
}

function toListed(router: LiveRouter, { name, capabilities, context }: PolicyModel): ListedModel {
  return { name, digest: digestOf(router, name), capabilities, context: context ?? UNLIMITED, modifiedAt: router.loadedAt };
}
