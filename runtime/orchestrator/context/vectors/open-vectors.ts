import { join } from 'node:path';
import { Failure } from '../../../failure.ts';
import type { Store } from '../../../store/store.ts';
import { MilvusVectors } from './milvus-vectors.ts';
import { PgvectorVectors } from './pgvector-vectors.ts';
import { QdrantVectors } from './qdrant-vectors.ts';
import { RestServer } from './rest-server.ts';
import { ThreadedVectors } from './threaded-vectors.ts';
import type { VectorStore } from './vector-store.ts';
import { WeaviateVectors } from './weaviate-vectors.ts';

const REMOTE = {
  qdrant: (url, key) => new QdrantVectors(new RestServer(url, key === null ? {} : { 'api-key': key })),
  weaviate: (url, key) => new WeaviateVectors(new RestServer(url, bearer(key))),
  milvus: (url, key) => new MilvusVectors(new RestServer(url, { 'Accept-Type-Allow-Int64': 'true', ...bearer(key) })),
} satisfies Record<string, (url: string, key: string | null) => VectorStore>;

const bearer = (key: string | null): Record<string, string> => (key === null ? {} : { authorization: `Bearer ${key}` });

/** The store of vectors that `--vectors` names. @throws Failure where there is none such. */
export function openVectors(named: string, key: string | null, folder: string, store: Store): VectorStore {
  if (named === 'memory') return new ThreadedVectors();
  if (named === 'sqlite') return new ThreadedVectors(join(folder, 'vectors.sqlite'));
  if (named === 'pgvector') {
    if (store.kind === 'postgres') return new PgvectorVectors(store);
    throw refuse('`--vectors pgvector` needs PostgreSQL, which `DATABASE_URL` names');
  }
  const [, kind, url] = /^(qdrant|weaviate|milvus):(https?:\/\/[^@\s?#]+)$/.exec(named) ?? [];
  if (kind === undefined) {
    throw refuse('`--vectors` must be memory, sqlite, pgvector, or qdrant:, weaviate: or milvus: with an http(s) url without a user name');
  }
  return REMOTE[kind as keyof typeof REMOTE](url, key);
}

function refuse(problem: string): Failure {
  return new Failure('config', [problem], 'run `policyd --help` for every flag and variable');
}
