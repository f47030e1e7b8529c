import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { PRIVACIES, type Privacy } from '../../../../schema/vocabulary.ts';
import type { Gateway } from '../../../gateway/gateway.ts';
import { accessOf } from '../../../orchestrator/context/access.ts';
import { SEARCH_MODES, type SearchMode } from '../../../orchestrator/context/search/query.ts';
import { answers, TAGS } from '../shapes.ts';
import { METADATA_NAME, NameShape } from './shapes.ts';

const Query = Type.Object(
  {
    q: Type.String({ minLength: 1, maxLength: 4_096, description: 'what is looked for' }),
    topK: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'most results; default 10' })),
    namespace: Type.Optional(NameShape('only documents of this namespace')),
    source: Type.Optional(NameShape('only documents of this source')),
    privacy: Type.Optional(
      Type.Enum([...PRIVACIES], { description: 'restricted: what is looked for is sent to nobody outside; default unrestricted' }),
    ),
    mode: Type.Optional(Type.Enum([...SEARCH_MODES], { description: 'by what it is looked for; default fused' })),
  },
  {
    additionalProperties: false,
    patternProperties: { [`^metadata\\.${METADATA_NAME.slice(1)}`]: Type.String({ maxLength: 256 }) },
  },
);
const Place = Type.Union([Type.Integer(), Type.Null()]);
const Answer = Type.Object({
  results: Type.Array(
    Type.Object({
      id: Type.String(),
      document: Type.String({ description: 'id of the document that it is a part of' }),
      namespace: Type.String(),
      source: Type.String(),
      heading: Type.Union([Type.String(), Type.Null()], { description: 'the headings that it stands under' }),
      text: Type.String(),
      tokens: Type.Integer(),
      score: Type.Number({ description: 'fused: reciprocal rank fusion; keyword: BM25; semantic: cosine' }),
      ranks: Type.Object(
        { semantic: Place, keyword: Place },
        { additionalProperties: Place, description: 'place in each ranking, from 1' },
      ),
      metadata: Type.Object({}, { additionalProperties: true }),
    }),
  ),
  mode: Type.Enum([...SEARCH_MODES], { description: 'how it was really looked for' }),
  degraded: Type.Union([Type.String(), Type.Null()], { description: 'why that is less than was asked for' }),
});

/** `GET /v1/context/search`: what is known about a question, by meaning and by words. */
export function searchContext(app: FastifyInstance, gateway: Gateway): void {
  const schema = { summary: 'look for what is known', tags: TAGS, querystring: Query, response: answers({ 200: Answer }, 422) };
  app.get<{ Querystring: Static<typeof Query> }>('/v1/context/search', { config: { scope: 'context:read' }, schema }, (request) => {
    const { q, topK = 10, namespace = null, source = null, mode = 'fused', privacy = 'unrestricted', ...rest } = request.query;
    const { owner, all } = accessOf((request as FastifyRequest).router.manifest, request.caller);
    const metadata = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name.slice('metadata.'.length), String(value)]));
    const scope = { owner: all ? null : owner, namespace, source, metadata };
    return gateway.orchestrator.context.search({ text: q, topK, mode: mode as SearchMode, privacy: privacy as Privacy, scope });
  });
}
