import { type Kysely, sql } from 'kysely';
import { readTerms } from '../preparation/read-terms.ts';
import type { ContextTables } from '../tables.ts';
import type { Ranked, Scope } from './query.ts';
import { inScope } from './in-scope.ts';

/** Most different words of a query that count; those that come first. */
const MOST_TERMS = 32;

/** Saturation of a word that comes often, and weight of a text's length, with their usual values. */
const K1 = 1.2;
const B = 0.75;

/**
 * Chunks by the words that they share with a text, best first: Okapi BM25, with the variant of the inverse document frequency that is never
 * negative. S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. The postings are ours, and so are
 * the formula and its rounding: the order is the same on every database. Statistics are those of what the owner has, so that
 * nobody's scores tell of another's documents.
 */
export async function rankByKeywords(tables: Kysely<ContextTables>, text: string, scope: Scope, most: number): Promise<Ranked[]> {
  const terms = [...readTerms(text).keys()].slice(0, MOST_TERMS);
  if (terms.length === 0) return [];
  const totals = await tables
    .selectFrom('context_totals')
    .select([sql<number>`cast(sum(chunks) as bigint)`.as('chunks'), sql<number>`cast(sum(terms) as bigint)`.as('terms')])
    .$if(scope.owner !== null, (query) => query.where('owner', '=', scope.owner!))
    .executeTakeFirst();
  if (!totals?.chunks) return [];
  const found = await tables
    .selectFrom('context_postings')
    .select(['term', sql<number>`cast(count(*) as bigint)`.as('chunks')])
    .where('term', 'in', terms)
    .$if(scope.owner !== null, (query) => query.where('owner', '=', scope.owner!))
    .groupBy('term')
    .execute();
  if (found.length === 0) return [];
  const average = totals.terms / totals.chunks;
  const weights = found.map(({ term, chunks }) => ({ term, weight: Math.log(1 + (totals.chunks - chunks + 0.5) / (chunks + 0.5)) }));
  const weight = sql.join(
    weights.map(({ term, weight }) => sql`when ${term} then cast(${weight} as double precision)`),
    sql` `,
  );
  const length = sql`${sql.lit(1 - B)} + ${sql.lit(B)} * c.terms / cast(${average} as double precision)`;
  // Rounded, so that the order in which a database adds up does not tell equals apart.
  const score = sql<number>`cast(round(cast(sum((case p.term ${weight} end) * p.frequency * ${sql.lit(K1 + 1)}
    / (p.frequency + ${sql.lit(K1)} * (${length}))) as numeric), 6) as double precision)`;
  return tables
    .selectFrom('context_postings as p')
    .innerJoin('context_chunks as c', 'c.seq', 'p.chunk')
    .innerJoin('context_documents as d', 'd.seq', 'c.document')
    .select(['p.chunk as chunk', score.as('score')])
    .where(
      'p.term',
      'in',
      weights.map(({ term }) => term),
    )
    .$if(scope.owner !== null, (query) => query.where('p.owner', '=', scope.owner!))
    .where(inScope(scope))
    .groupBy('p.chunk')
    .orderBy('score', 'desc')
    .orderBy('chunk')
    .limit(most)
    .execute();
}
