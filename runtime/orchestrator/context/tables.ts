import type { Generated } from 'kysely';
import type { Privacy } from '../../../schema/vocabulary.ts';

/** The tables of `store/migrations/0005-context.ts`. Times are ms since 1970; metadata and items are JSON. */
export interface ContextTables {
  context_documents: {
    seq: Generated<number>;
    /** Whose it is: see `ownerOf`. */
    owner: string;
    namespace: string;
    source: string;
    /** Unique among what the owner has of that source in that namespace. */
    id: string;
    /** SHA-256 of text, metadata and privacy, and of how they were made into chunks. */
    digest: string;
    privacy: Privacy;
    metadata: string;
    chunks: number;
    /** Words of all its chunks. */
    terms: number;
    /** Chunks that have an embedding of the space in use, or none to be had. */
    embedded: number;
    created_at: number;
    updated_at: number;
  };
  /** What is searched for by `metadata.<name>`, each value as text. */
  context_metadata: { document: number; name: string; value: string };
  context_chunks: {
    /** Never given again. */
    seq: Generated<number>;
    document: number;
    ordinal: number;
    /** The headings that it stands under, ` › ` between them; null = none. */
    heading: string | null;
    text: string;
    tokens: number;
    terms: number;
  };
  context_postings: { term: string; owner: string; chunk: number; frequency: number };
  /** Sums over what an owner has, so that neither quotas nor scores count rows. */
  context_totals: { owner: string; documents: number; chunks: number; terms: number };
  /** Of chunks that have one; empty = the model refused this text. `space`: which model it is of; vectors of different spaces cannot be compared. `seq` grows with each that is written. */
  context_embeddings: { seq: Generated<number>; chunk: number; space: string; vector: Uint8Array };
  /** Chunks that are gone, for vector stores that do not know it yet. */
  context_removed: { seq: Generated<number>; chunk: number; at: number };
  context_packs: {
    job: string;
    owner: string;
    query: string;
    budget: number;
    tokens: number;
    text: string;
    items: string;
    degraded: string | null;
    created_at: number;
  };
  context_state: { name: string; value: string };
}
