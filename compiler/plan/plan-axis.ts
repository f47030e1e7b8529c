import type { AxisTable, Constraint, Index, MeasuredRow } from '../constraints/constraint.ts';
import type { AxisData, MeasuredFloor } from '../emit/kernel/data.ts';

/** A constraint's table as masks: target t is bit 31 − (t & 31) of word t >> 5. */
export function planAxis(constraint: Constraint, table: AxisTable, row: number, words: number) {
  const { axis, stage, role, reason, suggest } = constraint;
  const { content, labels, index } = contentOf(table, words);
  const data: AxisData = { axis, stage, role, reason, suggest, row, rows: labels.length, content };
  return { data, labels, index };
}

function contentOf(table: AxisTable, words: number): { content: AxisData['content']; labels: readonly string[]; index: Index | null } {
  const labels = (rows: readonly { readonly label: string }[]): string[] => rows.map(({ label }) => label);
  switch (table.kind) {
    case 'static':
      return {
        content: {
          kind: 'static',
          masks: table.rows.flatMap(({ keep }) => maskOf(keep, words)),
          thresholds: table.index.by === 'need' ? table.index.thresholds : [],
        },
        labels: labels(table.rows),
        index: table.index,
      };
    case 'measured':
      return { content: { kind: 'measured', floors: table.rows.map(floorOf) }, labels: labels(table.rows), index: table.index };
    case 'price':
      return {
        content: {
          kind: 'price',
          masks: table.classes.flatMap(({ keep }) => maskOf(keep, words)),
          prices: table.classes.map(({ steps }) => steps),
        },
        labels: labels(table.classes),
        index: null,
      };
    case 'budget':
      return {
        content: {
          kind: 'budget',
          scopes: table.scopes.map(({ budgets }) => budgets.map(({ budget, blocks }) => ({ budget, blocks: maskOf(blocks, words) }))),
        },
        labels: labels(table.scopes),
        index: table.index,
      };
    case 'live':
      return { content: { kind: 'live' }, labels: ['ready', 'up'], index: null };
  }
}

/** Unsigned words, so that they read as bits. */
export function maskOf(keep: readonly boolean[], words: number): number[] {
  const mask = new Uint32Array(words);
  keep.forEach((kept, target) => {
    if (kept) mask[target >> 5]! |= 0x80000000 >>> (target & 31);
  });
  return [...mask];
}

const floorOf = (row: MeasuredRow): MeasuredFloor => ({
  maxErrorRate: row.maxErrorRate ?? Number.POSITIVE_INFINITY,
  minSuccessRate: row.minSuccessRate ?? 0,
  maxTtft: row.maxTtft ?? Number.POSITIVE_INFINITY,
  firstToken: row.firstToken ?? Number.POSITIVE_INFINITY,
  total: row.total ?? Number.POSITIVE_INFINITY,
  at: row.at,
  expected: row.expected,
});
