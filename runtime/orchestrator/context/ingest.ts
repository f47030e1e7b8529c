import { type Kysely, sql, type Transaction } from 'kysely';
import type { Store } from '../../store/store.ts';
import { OrchestratorError } from '../orchestrator-error.ts';
import { digestOf, type IngestedDocument, type Ingestion, type NewDocument } from './document.ts';
import type { PreparedChunk } from './preparation/prepare-text.ts';
import type { Preparer } from './preparation/preparer.ts';
import type { ContextTables } from './tables.ts';

/** Rows of one statement: SQLite takes at most 32,766 values. */
const ROWS = 2_000;
/** Chunks from which on a transaction is ended: others wait for it. */
const ENOUGH = 256;

interface Prepared {
  readonly document: NewDocument;
  readonly digest: string;
  readonly chunks: readonly PreparedChunk[];
}

/** What is known of a document before anything is done. */
interface Known {
  readonly seq: number;
  readonly digest: string;
  readonly chunks: number;
}

/**
 * Takes documents in. On the disk when it resolves, each whole or not at all; what is there already is left alone.
 *
 * @param most Chunks that an owner may have.
 * @throws OrchestratorError 409 `context_full`; documents before the one that does not fit are in.
 */
export async function ingest(
  store: Store,
  preparer: Preparer,
  owner: string,
  ingestion: Ingestion,
  most: number,
): Promise<readonly Omit<IngestedDocument, 'embedded'>[]> {
  const { namespace, source, privacy } = ingestion;
  const known = await findKnown(store.tables<ContextTables>(), owner, ingestion);
  const done = new Map<string, Omit<IngestedDocument, 'embedded'>>();
  // In the order of their ids, so that two that take in the same ones do not wait for each other.
  const order = [...ingestion.documents].sort((a, b) => (a.id < b.id ? -1 : 1));
  let batch: Prepared[] = [];
  let chunks = 0;
  const write = async (): Promise<void> => {
    const writing = batch;
    batch = [];
    chunks = 0;
    if (writing.length === 0) return;
    const written = await store.write<ContextTables, [string, Omit<IngestedDocument, 'embedded'>][]>(async (transaction) => {
      const statuses: [string, Omit<IngestedDocument, 'embedded'>][] = [];
      for (const prepared of writing) {
        const status = await put(transaction, { owner, namespace, source, privacy }, prepared, most);
        statuses.push([prepared.document.id, { id: prepared.document.id, status, chunks: prepared.chunks.length }]);
      }
      return statuses;
    });
    for (const [id, status] of written) done.set(id, status);
  };
  for (const document of order) {
    const digest = digestOf(document, privacy);
    const before = known.get(document.id);
    if (before?.digest === digest) {
      done.set(document.id, { id: document.id, status: 'unchanged', chunks: before.chunks });
      continue;
    }
    batch.push({ document, digest, chunks: await preparer.prepare(document.text) });
    chunks += batch.at(-1)!.chunks.length;
    if (chunks >= ENOUGH) await write();
  }
  await write();
  return ingestion.documents.map(({ id }) => done.get(id)!);
}

/** Takes a document out, with everything that was made of it. @returns whether it was there. */
export function remove(store: Store, owner: string, namespace: string, source: string, id: string): Promise<boolean> {
  return store.write<ContextTables, boolean>(async (transaction) => {
    const found = await transaction
      .selectFrom('context_documents')
      .select(['seq', 'chunks', 'terms'])
      .where('owner', '=', owner)
      .where('namespace', '=', namespace)
      .where('source', '=', source)
      .where('id', '=', id)
      .executeTakeFirst();
    if (found === undefined) return false;
    await dropChunks(transaction, found.seq);
    const gone = await transaction.deleteFrom('context_documents').where('seq', '=', found.seq).executeTakeFirst();
    if (gone.numDeletedRows === 0n) return false;
    await addTotals(transaction, owner, -1, -found.chunks, -found.terms);
    return true;
  });
}

/** Takes out what an owner has of a source and what is not named, one after the other. @returns how many. */
export async function removeOthers(
  store: Store,
  owner: string,
  namespace: string,
  source: string,
  kept: readonly string[],
): Promise<number> {
  const rows = await store
    .tables<ContextTables>()
    .selectFrom('context_documents')
    .select('id')
    .where('owner', '=', owner)
    .where('namespace', '=', namespace)
    .where('source', '=', source)
    .execute();
  const gone = rows.filter(({ id }) => !kept.includes(id));
  for (const { id } of gone) await remove(store, owner, namespace, source, id);
  return gone.length;
}

async function findKnown(
  tables: Kysely<ContextTables>,
  owner: string,
  { namespace, source, documents }: Ingestion,
): Promise<Map<string, Known>> {
  const rows = await tables
    .selectFrom('context_documents')
    .select(['id', 'seq', 'digest', 'chunks'])
    .where('owner', '=', owner)
    .where('namespace', '=', namespace)
    .where('source', '=', source)
    .where(
      'id',
      'in',
      documents.map(({ id }) => id),
    )
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

type Place = Pick<Ingestion, 'namespace' | 'source' | 'privacy'> & { readonly owner: string };

async function put(
  transaction: Transaction<ContextTables>,
  { owner, namespace, source, privacy }: Place,
  { document, digest, chunks }: Prepared,
  most: number,
): Promise<'created' | 'replaced' | 'unchanged'> {
  const terms = chunks.reduce((sum, { length }) => sum + length, 0);
  const now = Date.now();
  // The row of the totals is the lock: who holds it is the only one that writes for this owner.
  await addTotals(transaction, owner, 0, 0, 0);
  const before = await transaction
    .selectFrom('context_documents')
    .select(['seq', 'digest', 'chunks', 'terms'])
    .where('owner', '=', owner)
    .where('namespace', '=', namespace)
    .where('source', '=', source)
    .where('id', '=', document.id)
    .executeTakeFirst();
  if (before?.digest === digest) return 'unchanged';
  await refuseTooMuch(transaction, owner, chunks.length - (before?.chunks ?? 0), most);
  const values = {
    digest,
    privacy,
    metadata: JSON.stringify(document.metadata),
    chunks: chunks.length,
    terms,
    embedded: 0,
    updated_at: now,
  };
  if (before !== undefined) {
    await dropChunks(transaction, before.seq);
    await transaction.deleteFrom('context_metadata').where('document', '=', before.seq).execute();
    await transaction.updateTable('context_documents').set(values).where('seq', '=', before.seq).execute();
  }
  const row = { owner, namespace, source, id: document.id, created_at: now, ...values };
  const { seq } = before ?? (await transaction.insertInto('context_documents').values(row).returning('seq').executeTakeFirstOrThrow());
  const metadata = Object.entries(document.metadata).map(([name, value]) => ({ document: seq, name, value: String(value) }));
  if (metadata.length > 0) await transaction.insertInto('context_metadata').values(metadata).execute();
  await addChunks(transaction, owner, seq, chunks);
  await addTotals(transaction, owner, before === undefined ? 1 : 0, chunks.length - (before?.chunks ?? 0), terms - (before?.terms ?? 0));
  return before === undefined ? 'created' : 'replaced';
}

async function refuseTooMuch(transaction: Transaction<ContextTables>, owner: string, asked: number, most: number): Promise<void> {
  if (asked <= 0) return;
  const { chunks: held } = await transaction
    .selectFrom('context_totals')
    .select('chunks')
    .where('owner', '=', owner)
    .executeTakeFirstOrThrow();
  if (held + asked <= most) return;
  const message = `${held} chunks are held, and ${asked} more would be over ${most} [context-full] help: remove documents, or raise \`--context-chunks\``;
  throw new OrchestratorError(409, 'context_full', message, { reasons: [{ code: 'context_chunks', limit: most, held, asked }] });
}

async function addChunks(
  transaction: Transaction<ContextTables>,
  owner: string,
  document: number,
  chunks: readonly PreparedChunk[],
): Promise<void> {
  for (let from = 0; from < chunks.length; from += ROWS) {
    const slice = chunks.slice(from, from + ROWS);
    const rows = slice.map(({ heading, text, tokens, length }, i) => ({
      document,
      ordinal: from + i,
      heading,
      text,
      tokens,
      terms: length,
    }));
    const made = await transaction.insertInto('context_chunks').values(rows).returning(['seq', 'ordinal']).execute();
    const seqs = new Map(made.map(({ seq, ordinal }) => [ordinal, seq]));
    const postings = slice.flatMap(({ terms }, i) =>
      terms.map(([term, frequency]) => ({ term, owner, chunk: seqs.get(from + i)!, frequency })),
    );
    for (let at = 0; at < postings.length; at += ROWS) {
      await transaction
        .insertInto('context_postings')
        .values(postings.slice(at, at + ROWS))
        .execute();
    }
  }
}

async function dropChunks(transaction: Transaction<ContextTables>, document: number): Promise<void> {
  await transaction
    .insertInto('context_removed')
    .columns(['chunk', 'at'])
    .expression(
      transaction
        .selectFrom('context_chunks')
        .select(['seq', sql.lit(Date.now()).as('at')])
        .where('document', '=', document),
    )
    .execute();
  await transaction.deleteFrom('context_chunks').where('document', '=', document).execute();
}

async function addTotals(
  transaction: Transaction<ContextTables>,
  owner: string,
  documents: number,
  chunks: number,
  terms: number,
): Promise<void> {
  await sql`insert into context_totals (owner, documents, chunks, terms) values (${owner}, ${documents}, ${chunks}, ${terms})
    on conflict (owner) do update set documents = context_totals.documents + excluded.documents,
      chunks = context_totals.chunks + excluded.chunks, terms = context_totals.terms + excluded.terms`.execute(transaction);
}
