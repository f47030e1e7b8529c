import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../../../gateway/gateway.ts';
import { ingestDocuments } from './ingest-documents.ts';
import { readContextPack } from './read-pack.ts';
import { removeDocument } from './remove-document.ts';
import { searchContext } from './search-context.ts';

/** Everything under `/v1/context`. */
export function serveContext(app: FastifyInstance, gateway: Gateway): void {
  ingestDocuments(app, gateway);
  removeDocument(app, gateway);
  searchContext(app, gateway);
  readContextPack(app, gateway);
}
