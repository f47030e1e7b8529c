import type { Proof, SelfTestVector } from '../../schema/manifest.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { RouterModule } from '../../schema/router.ts';
import { type Cell, cellsOf, combinationAt, countCombinations } from './cells.ts';
import { compareAnalysis, compareCell, compareMasks, compareOrders, comparePrices, type Difference, isSoftLimited } from './compare.ts';
import { type Coordinates, coordinatesOf } from './coordinates.ts';
import { proveWorkloads, type WorkloadDifference } from './prove-workloads.ts';
import { makeSelfTest } from './self-test.ts';
import { spacesOf } from './spaces.ts';
import { brokenState, liveMasks, randomState, restState, seededRandom } from './states.ts';

export type { Difference } from './compare.ts';

export interface Proven {
  readonly proof: Omit<Proof, 'invariants'>;
  /** The first place where router and interpreter differ; null = none. */
  readonly difference: Difference | WorkloadDifference | null;
  readonly selfTest: readonly SelfTestVector[];
}

/** Most combinations of name, caller, endpoint and category whose analysis is compared. */
const GOVERNANCE = 30_000;

/**
 * Compares router and interpreter over the decision space. First, whole: which policy, category and class every name gets for every
 * kind of caller. Then every stage's verdict on every target and the decision: for every row of every policy, model and category, and
 * for every cell, or, where the space is too large, for cells spread evenly over it. Last, live states.
 */
export function prove(set: PolicySet, router: RouterModule): Proven {
  const at = coordinatesOf(set);
  const random = seededRandom(0x9e3779b9);
  const random7 = Array.from({ length: 7 }, () => randomState(set, random));
  const states = [restState(set), ...random7, brokenState(restState(set)), brokenState(random7[0]!)].map((snapshot) => ({
    snapshot,
    live: router.lay(router.rank(snapshot)),
  }));
  const count = { cells: 0, compared: 0, decisions: 0, placements: 0 };
  const sampled: string[] = [];
  const kept: Cell[] = [];
  const fail = (difference: Difference | WorkloadDifference): Proven => ({ proof: { ...count, sampled }, difference, selfTest: [] });
  const seen = new Set<string>();
  const takeCell = (cell: Cell): Difference | null => {
    const key = keyOf(cell);
    if (seen.has(key)) return null;
    seen.add(key);
    const { snapshot, live } = states[count.compared % states.length]!;
    count.decisions += 2;
    return compareCell(set, router, cell, snapshot, live, count.compared++ % 2 === 0);
  };

  const placed = proveWorkloads(set, router);
  if (placed.difference) return fail(placed.difference);
  count.placements = placed.placements;
  const priced = comparePrices(set, router);
  if (priced) return fail(priced);
  const governed = compareGovernance(set, router, at);
  if (governed.difference) return fail(governed.difference);
  sampled.push(...governed.sampled);
  const ordered = new Set<string>();
  for (const cell of governed.rows) {
    const difference = takeCell(cell);
    if (difference) return fail(difference);
    kept.push(cell);
    // An order depends on the category and on which budgets are at their limit; one cell for each will do.
    const key = `${cell.asked.category} ${states.map(({ snapshot }) => Number(isSoftLimited(set, cell, snapshot))).join('')}`;
    if (ordered.has(key)) continue;
    ordered.add(key);
    for (const { snapshot, live } of states) {
      const disorder = compareOrders(set, router, cell, snapshot, live);
      if (disorder) return fail(disorder);
    }
  }
  for (const { name, at: space, share, isProduct } of spacesOf(at, set.targets.length)) {
    const combinations = countCombinations(space);
    const step = strideOver(combinations);
    const most = share / Math.max(1, set.targets.length);
    const before = count.compared;
    let taken = 0;
    let visited = 0;
    for (; taken < combinations && count.compared - before < most && visited < 4 * most; taken++) {
      const cells = cellsOf(set, combinationAt(space, (taken * step) % combinations));
      for (const cell of cells) {
        const difference = takeCell(cell);
        if (difference) return fail(difference);
      }
      visited += cells.length;
      kept.push(cells[taken % cells.length]!);
    }
    if (taken < combinations) sampled.push(`${name}: ${taken} of ${combinations} combinations`);
    if (isProduct && taken === combinations) count.cells = count.compared;
    // What the rest holds, if it is like the sample.
    else if (isProduct) count.cells = Math.round((count.compared - before) * (combinations / Math.max(1, taken)));
  }

  const { masks, whole } = liveMasks(set, random);
  const representatives = spread(kept, 24);
  for (const cell of representatives) {
    const difference = compareMasks(set, router, cell, masks);
    if (difference) return fail(difference);
    count.decisions += masks.length;
  }
  if (representatives.length === 0) return { proof: { ...count, sampled }, difference: null, selfTest: [] };
  const states_ = whole ? `all ${masks.length}` : `${masks.length} of 2^${set.targets.length}`;
  sampled.push(`${states_} live states for ${representatives.length} cells, ${states.length} states in turn for the others`);
  return { proof: { ...count, sampled }, difference: null, selfTest: makeSelfTest(set, kept, random) };
}

interface Governance {
  readonly difference: Difference | null;
  /** A cell for every policy, model, category and class that appeared. */
  readonly rows: readonly Cell[];
  readonly sampled: readonly string[];
}

/** Analysis over all names × callers × endpoints × categories, the other coordinates in turn; and a cell for every row that appeared. */
function compareGovernance(set: PolicySet, router: RouterModule, at: Coordinates): Governance {
  const rows = new Map<string, Cell>();
  const narrow: Coordinates = { ...at, classes: [null], required: [0], flexible: [false], texts: [''], tools: [0] };
  const outer = countCombinations(narrow);
  const inner = countCombinations({ ...at, names: [''], callers: [0], endpoints: ['chat'], categories: [null] });
  const most = Math.min(outer, GOVERNANCE);
  const step = strideOver(outer);
  for (let turn = 0; turn < most; turn++) {
    const i = (turn * step) % outer;
    const rest = combinationAt({ ...at, names: [''], callers: [0], endpoints: ['chat'], categories: [null] }, i % inner);
    const { body, hints, caller } = combinationAt(narrow, i);
    const required = body.endpoint === 'embeddings' ? body.required : body.required | rest.body.required;
    const combination = {
      body: { ...body, required, tools: rest.body.tools, text: rest.body.text },
      hints: { ...hints, class: rest.hints.class, flexible: rest.hints.flexible },
      caller,
    };
    const [cell] = cellsOf(set, combination, [1]);
    const difference = compareAnalysis(set, router, cell!, i % 2 === 0);
    if (difference) return { difference, rows: [], sampled: [] };
    const { policy, model, category, class: row } = cell!.asked;
    for (const key of [`policy ${policy}`, `model ${model}`, `category ${category}`, `class ${row}`])
      if (!rows.has(key)) rows.set(key, cell!);
  }
  const sampled = most < outer ? [`name × caller × endpoint × category: ${most} of ${outer} combinations`] : [];
  return { difference: null, rows: [...new Set(rows.values())], sampled };
}

/** Requests that analysis makes equal are one cell. */
const keyOf = ({ asked, caller, body, tokens }: Cell): string =>
  `${asked.name} ${caller} ${body.endpoint} ${asked.policy} ${asked.category} ${asked.class} ${asked.required} ${asked.flexible} ${tokens}`;

/** A step that spreads over a space of this size and visits nothing twice: near the golden section, and prime to the size. */
function strideOver(size: number): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  let step = Math.floor(size * 0.6180339887498949) | 1;
  while (gcd(step, size) !== 1) step += 2;
  return step;
}

const spread = <T>(rows: readonly T[], most: number): T[] =>
  rows.length <= most ? [...rows] : Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
