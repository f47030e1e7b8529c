import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { refuseForeignOrigin } from '../auth/refuse-foreign-origin.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { describeAuthor } from './describe-author.ts';
import { describePolicy, PolicyShape } from './describe-policy.ts';
import { readIfMatch, refuseOvertaken } from './read-if-match.ts';
import { readEntry } from './read-entry.ts';
import { readOffer } from './read-offer.ts';
import { ErrorShape, OpenShape } from './shapes.ts';

const OfferShape = Type.Union([
  Type.Object(
    {
      manifest: { ...OpenShape, description: '`manifest.json`' },
      router: Type.String({ description: 'text of `router.js`' }),
      signature: Type.Optional({ ...OpenShape, description: '`manifest.sig`, where artifacts must be signed' }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { path: Type.String({ description: "the server's own artifact folder, or one inside it" }) },
    { additionalProperties: false },
  ),
]);

/**
 * `PUT /v1/policy`: an artifact, proven and swapped in before the answer, put beside what serves as a canary or a shadow; or the reason why not. A router is a program: without caller
 * keys only `--allow-upload` lets one in from outside.
 */
export function putPolicy(app: FastifyInstance, gateway: Gateway): void {
  const errors = Object.fromEntries([400, 403, 412, 422, 503].map((status) => [status, ErrorShape]));
  const schema = {
    summary:
      'put an artifact in force, for all callers, for a share of them, or beside what serves without sending anything; `If-Match` guards against overtaking another change',
    querystring: Type.Object({
      canary: Type.Optional(Type.Number({ description: 'percent of the callers that it serves, under watch' })),
      mode: Type.Optional(Type.Literal('shadow', { description: 'it decides beside the live one, and sends nothing' })),
    }),
    tags: ['policy'],
    headers: Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'hash in quotes of the router to replace' })) }),
    body: OfferShape,
    response: { 200: PolicyShape, ...errors },
  };
  app.put(
    '/v1/policy',
    // The body arrives as bytes and is read here, so that every mistake in it is told at once.
    { config: { scope: 'admin', audit: 'policy.put' }, schema, validatorCompiler: () => () => true },
    async (request, reply) => {
      const keyless = request.router.manifest.callers.length === 0;
      if (keyless) refuseForeignOrigin(request.headers.origin, request.headers.host);
      const entry = readEntry(request.query as Record<string, unknown>);
      const replaces = readIfMatch(request.headers['if-match']);
      const offer = await readOffer(request.body, gateway.config.policy, gateway.policy.loader.trust);
      if (offer.source === 'upload' && keyless && !gateway.config.allowUpload) throw refuseUpload();
      const loaded = await gateway.policy.loader.offer({ ...offer, by: describeAuthor(request as FastifyRequest), replaces, entry });
      if (loaded.result === 'overtaken') throw refuseOvertaken(gateway);
      if (loaded.result === 'busy') throw refuseBusy();
      if (loaded.result === 'refused') throw new GatewayError(422, 'invalid_request_error', 'artifact_refused', loaded.message);
      return reply.header('etag', `"${gateway.cell.active.hash}"`).send(describePolicy(gateway));
    },
  );
}

function refuseUpload(): GatewayError {
  const message =
    'a router is a program, and the policy has no caller keys that say who may send one [upload] help: add `keys:` with scope `admin`, start with --allow-upload, or send `{"path": …}`';
  return new GatewayError(403, 'permission_error', 'upload_not_allowed', message, { headers: { 'x-should-retry': 'false' } });
}

function refuseBusy(): GatewayError {
  const message = 'too many artifacts wait for their turn [busy] help: send it again in a second';
  return new GatewayError(503, 'server_error', 'busy', message, { headers: { 'retry-after': '1' } });
}
