import { createHash } from 'node:crypto';
import type { Privacy } from '../../../schema/vocabulary.ts';
import { PREPARATION } from './preparation/prepare-text.ts';

/** A value that documents are told apart by; it is searched for as text. */
export type MetadataValue = string | number | boolean;
export type Metadata = Readonly<Record<string, MetadataValue>>;

export interface NewDocument {
  readonly id: string;
  readonly text: string;
  readonly metadata: Metadata;
}

/** What becomes of documents that come together. */
export interface Ingestion {
  readonly namespace: string;
  readonly source: string;
  /** Restricted: its text goes to backends of zone `restricted` only, wherever this server sends it. */
  readonly privacy: Privacy;
  readonly documents: readonly NewDocument[];
}

export const INGEST_STATUSES = ['created', 'replaced', 'unchanged'] as const;

export interface IngestedDocument {
  readonly id: string;
  readonly status: (typeof INGEST_STATUSES)[number];
  readonly chunks: number;
  /** Chunks that have an embedding of the model in use. */
  readonly embedded: number;
}

/** The same digest is the same document, made into the same chunks. */
export function digestOf({ text, metadata }: NewDocument, privacy: Privacy): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([PREPARATION, text, sorted, privacy]))
    .digest('hex');
}

/** The id of a document that was given none: of its text, so that sending it again is no second one. */
export function makeDocumentId(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}
