import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Gateway } from '../../../gateway/gateway.ts';
import { accessOf } from '../../../orchestrator/context/access.ts';
import { OrchestratorError } from '../../../orchestrator/orchestrator-error.ts';
import { answers, TAGS } from '../shapes.ts';
import { DEFAULT_NAMESPACE, NameShape } from './shapes.ts';

const Query = Type.Object(
  {
    source: NameShape('where it came from'),
    id: NameShape('its name among those of that source'),
    namespace: Type.Optional(NameShape(`what it belongs to; default \`${DEFAULT_NAMESPACE}\``)),
  },
  { additionalProperties: false },
);

/** `DELETE /v1/context/documents`: a document of the caller's own, and everything that was made of it. */
export function removeDocument(app: FastifyInstance, gateway: Gateway): void {
  const Answer = Type.Object({ removed: Type.Boolean() });
  const schema = { summary: 'take a document out', tags: TAGS, querystring: Query, response: answers({ 200: Answer }, 404, 422) };
  app.delete<{ Querystring: Static<typeof Query> }>(
    '/v1/context/documents',
    { config: { scope: 'write:jobs' }, schema },
    async (request) => {
      const { source, id, namespace = DEFAULT_NAMESPACE } = request.query;
      const access = accessOf((request as FastifyRequest).router.manifest, request.caller);
      if (await gateway.orchestrator.context.remove(access, namespace, source, id)) return { removed: true };
      throw new OrchestratorError(
        404,
        'no_document',
        `there is no document \`${id}\` of \`${source}\` in \`${namespace}\` [no-document] help: look for it with GET /v1/context/search`,
      );
    },
  );
}
