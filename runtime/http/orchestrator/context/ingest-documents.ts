import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { PRIVACIES, type Privacy } from '../../../../schema/vocabulary.ts';
import type { Gateway } from '../../../gateway/gateway.ts';
import { accessOf } from '../../../orchestrator/context/access.ts';
import { INGEST_STATUSES, type Metadata, makeDocumentId } from '../../../orchestrator/context/document.ts';
import { type FieldError, OrchestratorError } from '../../../orchestrator/orchestrator-error.ts';
import { answers, TAGS } from '../shapes.ts';
import { DEFAULT_NAMESPACE, LONGEST_TEXT, METADATA_NAME, MOST_DOCUMENTS, NameShape } from './shapes.ts';

const MetadataShape = Type.Record(
  Type.String({ pattern: METADATA_NAME }),
  Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 16, additionalProperties: false, description: 'what documents are told apart by; searched for by `metadata.<name>=`' },
);
const Body = Type.Object(
  {
    source: NameShape('where the documents come from'),
    namespace: Type.Optional(NameShape(`what they belong to; default \`${DEFAULT_NAMESPACE}\``)),
    privacy: Type.Optional(
      Type.Enum([...PRIVACIES], { description: 'restricted: embedded by backends of zone `restricted` only; default unrestricted' }),
    ),
    documents: Type.Array(
      Type.Object(
        {
          id: Type.Optional(NameShape('its name among those of that source; default: made of its text')),
          text: Type.String({ minLength: 1, maxLength: LONGEST_TEXT }),
          metadata: Type.Optional(MetadataShape),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: MOST_DOCUMENTS },
    ),
  },
  { additionalProperties: false },
);
const Answer = Type.Object({
  namespace: Type.String(),
  source: Type.String(),
  documents: Type.Array(
    Type.Object({
      id: Type.String(),
      status: Type.Enum([...INGEST_STATUSES]),
      chunks: Type.Integer(),
      embedded: Type.Integer({ description: 'chunks that can be found by meaning by now' }),
    }),
  ),
});

/** `POST /v1/context/ingest`: documents for the search, on the disk when it answers. The same ones again change nothing. */
export function ingestDocuments(app: FastifyInstance, gateway: Gateway): void {
  const schema = { summary: 'take documents in', tags: TAGS, body: Body, response: answers({ 200: Answer }, 409, 422, 503) };
  app.post<{ Body: Static<typeof Body> }>('/v1/context/ingest', { config: { scope: 'write:jobs' }, schema }, async (request) => {
    const { source, namespace = DEFAULT_NAMESPACE, privacy = 'unrestricted' as Privacy, documents } = request.body;
    const named = documents.map(({ id, text, metadata = {} }) => ({
      id: id ?? makeDocumentId(text),
      text,
      metadata: metadata as Metadata,
    }));
    refuseTwins(named.map(({ id }) => id));
    const access = accessOf((request as FastifyRequest).router.manifest, request.caller);
    const ingestion = { source, namespace, privacy: privacy as Privacy, documents: named };
    return { namespace, source, documents: await gateway.orchestrator.context.ingest(access, ingestion) };
  });
}

function refuseTwins(ids: readonly string[]): void {
  const fields: FieldError[] = [];
  for (const [row, id] of ids.entries()) {
    const first = ids.indexOf(id);
    if (first < row)
      fields.push({
        path: `documents.${row}.id`,
        message: `\`documents.${row}\` is the same document as \`documents.${first}\`: \`${id}\``,
      });
  }
  if (fields.length === 0) return;
  const message = `${fields.map((field) => field.message).join('; ')} [twice] help: send each document once`;
  throw new OrchestratorError(422, 'bad_value', message, { fields });
}
