import type { PolicySet } from '../../schema/policy-set.ts';
import type { Index } from '../constraints/constraint.ts';
import { CONSTRAINTS } from '../constraints/constraints.ts';
import type { AxisData, RankClass, RouterData } from '../emit/kernel/data.ts';
import { packRows } from './pack-rows.ts';
import { planAxis } from './plan-axis.ts';
import { planDearest, planRates } from './plan-money.ts';
import { planNames } from './plan-names.ts';
import { planPolicies } from './plan-policies.ts';
import { planTasks } from './plan-tasks.ts';
import { planWorkloads } from './plan-workloads.ts';

/** Everything the page of a router says, before it is written down. */
export interface Plan {
  readonly data: RouterData;
  /** How an intent finds its row, for the axes that have an index, in the order of `data.axes`. */
  readonly indexes: ReadonlyMap<string, Index>;
  /** Labels of the rows, for people. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** By category: its rank class, and that of the same reference request by cost. */
  readonly rankOf: readonly number[];
  readonly cheapOf: readonly number[];
}

/** Names to rows, constraints to masks, objectives to rank classes. */
export function plan(set: PolicySet): Plan {
  const words = Math.max(1, Math.ceil(set.targets.length / 32));
  const axes: AxisData[] = [];
  const indexes = new Map<string, Index>();
  const labels = new Map<string, readonly string[]>();
  let row = 0;
  for (const constraint of CONSTRAINTS) {
    const table = constraint.table(set);
    if (table === null) continue;
    const axis = planAxis(constraint, table, row, words);
    axes.push(axis.data);
    labels.set(constraint.axis, axis.labels);
    if (axis.index) indexes.set(constraint.axis, axis.index);
    row += axis.data.rows;
  }
  const ranks = planRanks(set);
  const { sets, policies } = planPolicies(set);
  const { names, lists } = planNames(set);
  return {
    data: {
      words,
      columns: planColumns(set),
      names,
      models: set.models.map(({ name, virtual, chain, encoding }) => ({ name, virtual, chain, encoding })),
      modelRows: rowsOf(indexes.get('model')),
      policies,
      lists,
      sets,
      callers: set.callers.length,
      ...planTasks(set),
      budgets: set.budgets.map(({ name, scope }) => ({ name, backend: scope.backend === null ? null : set.backends[scope.backend]!.name })),
      axes,
      rankClasses: ranks.classes,
      softFrom: ranks.softFrom,
      workloads: planWorkloads(set),
    },
    indexes,
    labels,
    rankOf: ranks.rankOf,
    cheapOf: ranks.cheapOf,
  };
}

const rowsOf = (index: Index | undefined): readonly number[] => (index === undefined || index.by === 'need' ? [] : index.rows);

/** Distinct (objective, reference request), then, if there are budgets, the same for the soft limit. */
function planRanks(set: PolicySet) {
  const rows = packRows<RankClass>(({ objective, reference, soft }) => `${objective} ${reference} ${soft}`);
  const referenceOf = (category: number): readonly [number, number] => {
    const { input, output } = set.categories[category]!.reference;
    return [input, output];
  };
  const rankOf = set.categories.map(({ objective }, row) => rows.add({ objective, reference: referenceOf(row), soft: false }));
  const cheapOf = set.categories.map((_, row) => rows.add({ objective: 'cost', reference: referenceOf(row), soft: false }));
  const softFrom = rows.rows.length;
  if (set.budgets.length > 0) for (const rankClass of rows.rows.slice(0, softFrom)) rows.rows.push({ ...rankClass, soft: true });
  return { classes: rows.rows, rankOf, cheapOf, softFrom };
}

function planColumns(set: PolicySet): RouterData['columns'] {
  return set.targets.map((target) => {
    const backend = set.backends[target.backend]!;
    const model = set.models[target.model]!;
    return {
      backend: backend.name,
      model: model.name,
      cloud: backend.cloud,
      zone: backend.zone,
      tier: target.tier,
      quality: target.quality,
      context: target.context,
      capabilities: target.capabilities,
      priority: backend.priority,
      known: target.price.source !== 'unknown',
      rates: planRates(target.price),
      dearest: planDearest(target.price),
      overhead: target.overhead,
      encoding: model.encoding,
      exact: backend.type === 'openai',
      place: `${target.place.file}:${target.place.line}:${target.place.column}`,
    };
  });
}
