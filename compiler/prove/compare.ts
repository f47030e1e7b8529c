import { CODE } from '../../schema/decision.ts';
import type { Intent } from '../../schema/intent.ts';
import { PROBLEMS } from '../../schema/intent.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import type { MetricsSnapshot } from '../../schema/snapshot.ts';
import { STAGES } from '../../schema/vocabulary.ts';
import { CONSTRAINTS } from '../constraints/constraints.ts';
import { judge, orderTargets } from '../interpret/interpret.ts';
import { type Cell, countsOf } from './cells.ts';
import { compareActuals, compareMoney } from './compare-money.ts';
import { restState } from './states.ts';

/** A place where router and interpreter differ; the router is then not written. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  readonly request: { readonly model: string; readonly caller: string; readonly tokens: number; readonly hints: Cell['hints'] };
}

const FIELDS = ['name', 'model', 'policy', 'category', 'class', 'required', 'outputCap'] as const;

/** Analysis alone: rows, caps and problems. */
export function compareAnalysis(set: PolicySet, router: RouterModule, cell: Cell, exact: boolean): Difference | null {
  return analysisOf(set, router, cell, exact).difference;
}

function analysisOf(
  set: PolicySet,
  router: RouterModule,
  cell: Cell,
  exact: boolean,
): { readonly intent: Intent; readonly difference: Difference | null } {
  const { asked } = cell;
  const intent = router.analyze(cell.body, cell.hints, cell.caller, countsOf(cell.tokens, exact));
  const differ = (what: string, expected: unknown, got: unknown) => ({ intent, difference: describe(set, cell, what, expected, got) });
  if (PROBLEMS[intent.problem] !== asked.problem) return differ('problem', asked.problem, PROBLEMS[intent.problem]);
  if (asked.problem !== 'none') return { intent, difference: null };
  for (const field of FIELDS) if (intent[field] !== asked[field]) return differ(`analysis: ${field}`, asked[field], intent[field]);
  if ((intent.flexible === 1) !== asked.flexible) return differ('analysis: flexible', asked.flexible, intent.flexible === 1);
  if (intent.output !== asked.output * asked.answers) return differ('analysis: output', asked.output * asked.answers, intent.output);
  if (intent.costCap !== (asked.costCap ?? Number.POSITIVE_INFINITY)) return differ('analysis: cost cap', asked.costCap, intent.costCap);
  return { intent, difference: null };
}

/** Analysis, the verdict of every stage on every target of the first link, and the decision. */
export function compareCell(
  set: PolicySet,
  router: RouterModule,
  cell: Cell,
  snapshot: MetricsSnapshot,
  live: Live,
  exact: boolean,
): Difference | null {
  const { intent, difference } = analysisOf(set, router, cell, exact);
  if (difference || intent.problem !== 0) return difference;
  const differ = (what: string, expected: unknown, got: unknown): Difference => describe(set, cell, what, expected, got);
  const { code, links } = judge(set, cell.asked, snapshot, new Set());
  const first = links[0]!;
  for (let target = 0; target < set.targets.length; target++) {
    const stages = stagesOf(router, intent, live, target);
    // Tokens that are known as an interval are narrowed for the targets that can serve; of the others it only matters that they are out.
    if (!exact && stages.has('RequestAnalyzer') && first.stageExcludes.RequestAnalyzer.has(target)) continue;
    for (const stage of STAGES) {
      const expected = first.stageExcludes[stage].has(target);
      if (stages.has(stage) !== expected) return differ(`${stage} on ${nameOf(set, target)}`, verdict(expected), verdict(!expected));
    }
  }
  const costs = compareMoney(set, router, cell, intent);
  if (costs) return differ(...costs);
  const got = router.decide(intent, live, router.none);
  if (got !== code) return differ('decision', code, got);
  if (code < 0) return null;
  // And without the target that was chosen: the failover.
  const tried = code & CODE.TARGET;
  const next = judge(set, cell.asked, snapshot, new Set([tried])).code;
  const second = router.decide(intent, live, router.exclude(live, [tried]));
  return second === next ? null : differ(`decision after ${nameOf(set, tried)}`, next, second);
}

/** What usages cost; no request has a part in it. */
export function comparePrices(set: PolicySet, router: RouterModule): Difference | null {
  const differs = compareActuals(set, router);
  if (differs === null) return null;
  const [what, expected, got] = differs;
  const request = { model: '', caller: '', tokens: 0, hints: { strict: false, flexible: false, category: null, class: null } };
  return { what, expected: String(expected), got: String(got), request };
}

/** The order of all targets for every category, by its objective and by cost, with and without a budget at its soft limit. */
export function compareOrders(set: PolicySet, router: RouterModule, cell: Cell, snapshot: MetricsSnapshot, live: Live): Difference | null {
  const { asked } = cell;
  if (asked.problem !== 'none') return null;
  const intent = router.analyze(cell.body, cell.hints, cell.caller, countsOf(cell.tokens, true));
  const soft = isSoftLimited(set, cell, snapshot);
  for (const [level, objective] of [
    [0, set.categories[asked.category]!.objective],
    [2, 'cost'],
  ] as const) {
    const expected = orderTargets(set, asked.category, objective, soft, snapshot).join(' ');
    const got = router.order(intent, live, level).join(' ');
    if (got !== expected) return describe(set, cell, `order by ${objective}${soft ? ' at the soft limit' : ''}`, expected, got);
  }
  return null;
}

export function isSoftLimited(set: PolicySet, { asked, caller }: Cell, snapshot: MetricsSnapshot): boolean {
  return set.budgets.some(({ scope }, row) => {
    const inScope =
      (scope.category ?? asked.category) === asked.category &&
      (scope.class ?? asked.class) === asked.class &&
      (scope.key ?? caller) === caller &&
      (scope.team === null || scope.team === set.callers[caller]!.team) &&
      (scope.model ?? asked.model) === asked.model;
    return inScope && snapshot.budgets[row]! > 0;
  });
}

const verdict = (out: boolean): string => (out ? 'out' : 'stays');
const nameOf = (set: PolicySet, target: number): string =>
  `${set.backends[set.targets[target]!.backend]!.name}/${set.targets[target]!.upstream}`;

const STAGE_OF = new Map<string, string>(CONSTRAINTS.map(({ axis, stage }) => [axis, stage]));

const stagesOf = (router: RouterModule, intent: Intent, live: Live, target: number): Set<string> =>
  new Set(router.verdicts(intent, live, router.none, target).map((axis) => STAGE_OF.get(axis)!));

/** The decision for one cell over many live masks, marked in place as the runtime does. */
export function compareMasks(set: PolicySet, router: RouterModule, cell: Cell, masks: readonly (readonly number[])[]): Difference | null {
  if (cell.asked.problem !== 'none') return null;
  const rest = restState(set);
  const live = router.lay(router.rank(rest));
  const intent = router.analyze(cell.body, cell.hints, cell.caller, countsOf(cell.tokens, true));
  for (const mask of masks) {
    const targets = rest.targets.map((target, row) => ({ ...target, state: mask[row]! }));
    mask.forEach((state, target) => {
      if (live.state[target] !== state) router.mark(live, target, state);
    });
    const { code } = judge(set, cell.asked, { ...rest, targets }, new Set());
    const got = router.decide(intent, live, router.none);
    if (got !== code) return describe(set, cell, `decision with ${mask.join('')} down`, code, got);
  }
  return null;
}

const describe = (set: PolicySet, cell: Cell, what: string, expected: unknown, got: unknown): Difference => ({
  what,
  expected: String(expected),
  got: String(got),
  request: { model: cell.body.model, caller: set.callers[cell.caller]!.name, tokens: cell.tokens, hints: cell.hints },
});
