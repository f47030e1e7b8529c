import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Store } from '../../../store/store.ts';
import type { ContextMeter } from '../context-meter.ts';
import type { Embedder } from '../embedding/embedder.ts';
import type { QueryEmbedder } from '../embedding/query-embedder.ts';
import type { VectorIndex } from '../embedding/vector-index.ts';
import type { ContextTables } from '../tables.ts';
import type { VectorError, VectorErrorCode } from '../vectors/vector-error.ts';
import type { OutsideResults, OutsideSource, SearchAnswer, SearchResult } from './answer.ts';
import { countPending } from './count-pending.ts';
import { fuse } from './fuse.ts';
import type { Query, Ranked, SearchMode } from './query.ts';
import { rankByKeywords } from './rank-by-keywords.ts';
import { type FoundChunk, readChunks } from './read-results.ts';

export interface SearchParts {
  readonly store: Store;
  readonly embedder: Pick<Embedder, 'space' | 'model' | 'problem' | 'keepsBack'>;
  readonly queries: Pick<QueryEmbedder, 'embed'>;
  readonly index: Pick<VectorIndex, 'search' | 'isBehind' | 'follow' | 'isOwn' | 'problem'>;
  readonly mcp: { sources(query: Query): readonly OutsideSource[] };
  readonly meter: Pick<ContextMeter, 'searched'>;
}

/** What callers are told of a vector store; its address and its own words are the operator's, and stand in the log. */
const WHY: Partial<Record<VectorErrorCode, string>> = {
  unreachable: 'the vector store does not answer',
  refused: 'the vector store refused',
  unavailable: 'the vector store is not available',
};

/** Longest wait for vectors that were just embedded, in ms. */
const PATIENCE = 500;

/** How deep rankings are that are fused, by results asked for. */
const depthOf = (topK: number): number => Math.min(400, Math.max(50, topK * 4));

/** Chunks by meaning; problem: why there is no such ranking, or why it is not whole. */
interface Semantic {
  readonly ranked: readonly Ranked[] | null;
  readonly problem: string | null;
}

/** Looks for a text in every way that it is asked to, and that is possible; what was not possible it says. */
export async function search(parts: SearchParts, query: Query): Promise<SearchAnswer> {
  const begun = performance.now();
  const tables = parts.store.tables<ContextTables>();
  const depth = depthOf(query.topK);
  const [semantic, keyword, outside] = await Promise.all([
    query.mode === 'keyword' ? NOT_ASKED : rankByMeaning(parts, tables, query, depth),
    rankByKeywords(tables, query.text, query.scope, depth),
    query.mode === 'fused' ? askOutside(parts.mcp.sources(query), query) : [],
  ]);
  const mode: SearchMode = semantic.ranked === null ? 'keyword' : query.mode;
  const problems = [semantic.problem, ...outside.map(({ found, name }) => (found.problem === null ? null : `${name}: ${found.problem}`))];
  const degraded = problems.filter((problem) => problem !== null).join('; ') || null;
  const results = await toResults(tables, query, mode, semantic.ranked ?? [], keyword, outside);
  parts.meter.searched(mode, degraded !== null, performance.now() - begun);
  return { results, mode, degraded };
}

const NOT_ASKED: Semantic = { ranked: null, problem: null };

async function rankByMeaning(parts: SearchParts, tables: Kysely<ContextTables>, query: Query, depth: number): Promise<Semantic> {
  const { embedder, queries, index } = parts;
  const { space, model } = embedder;
  if (model.name === null) return { ranked: null, problem: `only words are looked for: ${model.problem}` };
  // Behind a change of the model the record still calls embedded what cannot be compared any more.
  const pending = await countPending(tables, query.scope, space === null);
  const inside = embedder.keepsBack ? '; restricted ones get none, since the policy does not keep requests for embeddings inside' : '';
  const waiting = pending === 0 ? null : `${pending} chunks are found by their words only, since they have no embedding yet${inside}`;
  if (space === null) return { ranked: null, problem: waiting ?? embedder.problem };
  const { vector, problem } = await queries.embed(space, query.text, query.privacy);
  if (vector === null) return { ranked: null, problem: `only words are looked for: ${problem}` };
  try {
    if (index.isOwn && (await index.isBehind(space))) await Promise.race([index.follow(space), sleep(PATIENCE)]);
    const behind = (await index.isBehind(space))
      ? `not every embedding is in the vector store${index.problem === null ? ' yet' : ', which failed'}`
      : null;
    return { ranked: await index.search(space, vector, query.scope, depth), problem: waiting ?? behind };
  } catch (error) {
    return { ranked: null, problem: `only words are looked for: ${WHY[(error as VectorError).code] ?? 'the search by meaning failed'}` };
  }
}

interface Outside {
  readonly name: string;
  readonly found: OutsideResults;
}

function askOutside(sources: readonly OutsideSource[], { text, topK }: Query): Promise<readonly Outside[]> {
  return Promise.all(sources.map(async (source) => ({ name: source.name, found: await source.search(text, topK) })));
}

async function toResults(
  tables: Kysely<ContextTables>,
  { mode: asked, scope, topK }: Query,
  mode: SearchMode,
  semantic: readonly Ranked[],
  keyword: readonly Ranked[],
  outside: readonly Outside[],
): Promise<SearchResult[]> {
  const ids = (ranked: readonly Ranked[]): string[] => ranked.map(({ chunk }) => `chunk-${chunk}`);
  const names = ['semantic', 'keyword', ...outside.map(({ name }) => name)];
  // Each ranking is there for its places; only what was asked for takes part in the order.
  const byMeaning = ids(semantic);
  const byWords = ids(keyword);
  const rankings = [byMeaning, byWords, ...outside.map(({ found, name }) => found.results.map(({ id }) => `${name}:${id}`))];
  const only = asked === 'fused' ? null : mode === 'semantic' ? semantic : keyword;
  const fused =
    only === null
      ? fuse(rankings).slice(0, topK)
      : only.slice(0, topK).map(({ chunk, score }) => {
          const id = `chunk-${chunk}`;
          return { id, score, places: [placeOf(byMeaning, id), placeOf(byWords, id)] };
        });
  const found = await readChunks(
    tables,
    fused.filter(({ id }) => id.startsWith('chunk-')).map(({ id }) => Number(id.slice('chunk-'.length))),
    scope,
  );
  return fused.flatMap(({ id, score, places }) => {
    const ranks = Object.fromEntries(names.map((name, row) => [name, places[row] ?? null]));
    const chunk = id.startsWith('chunk-') ? found.get(Number(id.slice('chunk-'.length))) : undefined;
    if (chunk !== undefined) return [describe(chunk, score, ranks)];
    const from = outside.find(({ name }) => id.startsWith(`${name}:`));
    const result = from?.found.results.find((one) => `${from.name}:${one.id}` === id);
    if (from === undefined || result === undefined) return [];
    const place = { document: result.id, namespace: from.name, source: from.name, heading: null, metadata: {} };
    return [{ id, ...place, text: result.text, tokens: 0, score, ranks }];
  });
}

function placeOf(ranking: readonly string[], id: string): number | null {
  const row = ranking.indexOf(id);
  return row < 0 ? null : row + 1;
}

function describe({ chunk, ...rest }: FoundChunk, score: number, ranks: SearchResult['ranks']): SearchResult {
  return { id: `chunk-${chunk}`, ...rest, score, ranks };
}
