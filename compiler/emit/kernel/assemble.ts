import type { Intent, IntentRows } from '../../../schema/intent.ts';
import type { Live, RouterModule } from '../../../schema/router.ts';
import { buildAnalyze } from './analyze.ts';
import type { RouterData } from './data.ts';
import { buildDecide } from './decide.ts';
import { buildExplain } from './explain.ts';
import { buildLay } from './lay.ts';
import { loosen } from './loosen.ts';
import { buildMoney } from './money.ts';
import { buildNames } from './names.ts';
import { buildRank } from './rank.ts';
import { buildViolations } from './violations.ts';
import { buildWorkloads } from './workloads.ts';

/** What the page of a router writes itself, specialized to its policy. */
export interface Specialized {
  /** Empty rows of an intent. */
  blank(): IntentRows;
  /** Coordinates of an intent to offsets into the live tables. */
  bind(intent: Intent): void;
  route(intent: Intent, live: Live, excluded: Int32Array): number;
}

/** A router from its tables and its specialized functions. */
export function assemble(data: RouterData, specialized: Specialized): RouterModule {
  const { blank, bind, route } = specialized;
  const resolve = buildNames(data.names.map(({ name }) => name));
  const { lay, mark, charge, exclude, none } = buildLay(data);
  const decision = buildDecide(data, route, bind);
  const { verdicts, order, estimate, explain } = buildExplain(data, decision, route);
  let plain: RouterModule | null = null;
  return {
    workloads: buildWorkloads(data.workloads),
    format: 1,
    targets: data.columns.length,
    none,
    resolve,
    analyze: buildAnalyze(data, resolve, blank, bind),
    rank: buildRank(data),
    lay,
    mark,
    charge,
    exclude,
    route,
    decide: decision.decide,
    reason: decision.reason,
    verdicts,
    order,
    estimate,
    ...buildMoney(data),
    explain,
    violations: buildViolations(data, verdicts, none),
    plain: () => (plain ??= assemble(loosen(data), specialized)),
  };
}
