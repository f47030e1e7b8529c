import type { Store } from '../../../store/store.ts';
import type { SearchResult } from '../search/answer.ts';
import type { ContextTables } from '../tables.ts';
import { chooseItems } from './choose-items.ts';

export interface PackItem {
  readonly id: string;
  readonly document: string;
  readonly namespace: string;
  readonly source: string;
  readonly heading: string | null;
  readonly text: string;
  readonly score: number;
}

/** What a job is told beforehand; made once. */
export interface ContextPack {
  readonly job: string;
  readonly owner: string;
  readonly query: string;
  /** Most tokens that it may have. */
  readonly budget: number;
  /** Of `text`, counted with `o200k_base`. */
  readonly tokens: number;
  /** All items, as a model is given them. */
  readonly text: string;
  readonly items: readonly PackItem[];
  /** Why it is less than could be; null = it is not. */
  readonly degraded: string | null;
  /** Ms since 1970. */
  readonly createdAt: number;
}

/** A pack of what a search found, within its budget. */
export function makePack(
  named: Pick<ContextPack, 'job' | 'owner' | 'query' | 'budget' | 'degraded'>,
  results: readonly SearchResult[],
): ContextPack {
  const candidates = results.map((result) => ({ ...result, origin: `${result.namespace} ${result.source} ${result.document}` }));
  const { items, text, tokens } = chooseItems(candidates, named.budget, writeItems);
  const kept = items.map(({ id, document, namespace, source, heading, text, score }) => ({
    id,
    document,
    namespace,
    source,
    heading,
    text,
    score,
  }));
  return { ...named, tokens, text, items: kept, createdAt: Date.now() };
}

function writeItems(items: readonly Omit<PackItem, 'namespace'>[]): string {
  return items
    .map(
      ({ source, document, heading, text }, row) =>
        `[${row + 1}] ${source}: ${document}${heading === null ? '' : ` › ${heading}`}\n${text}\n`,
    )
    .join('\n');
}

/** Keeps a pack. @returns the one that is kept: the first that was made for that job. */
export async function keepPack(store: Store, pack: ContextPack): Promise<ContextPack> {
  const { createdAt, items, ...rest } = pack;
  await store
    .tables<ContextTables>()
    .insertInto('context_packs')
    .values({ ...rest, items: JSON.stringify(items), created_at: createdAt })
    .onConflict((conflict) => conflict.column('job').doNothing())
    .execute();
  return (await readPack(store, pack.job))!;
}

export async function readPack(store: Store, job: string): Promise<ContextPack | null> {
  const row = await store.tables<ContextTables>().selectFrom('context_packs').selectAll().where('job', '=', job).executeTakeFirst();
  if (row === undefined) return null;
  const { created_at: createdAt, items, ...rest } = row;
  return { ...rest, items: JSON.parse(items) as PackItem[], createdAt };
}
