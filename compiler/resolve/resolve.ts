import type { PolicySet } from '../../schema/policy-set.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Policy } from '../parse/merge.ts';
import { Desk, Register } from './desk.ts';
import { listUnenforced } from './list-unenforced.ts';
import { PRICE_TABLE } from './price-table.ts';
import { resolveBackends } from './resolve-backends.ts';
import { checkPrices, resolveBudgets } from './resolve-budgets.ts';
import { resolveCallers } from './resolve-callers.ts';
import { resolveCategories } from './resolve-categories.ts';
import { resolveClasses } from './resolve-classes.ts';
import { resolveClassifier } from './resolve-classifier.ts';
import { resolveInvariants } from './resolve-invariants.ts';
import { resolveModels } from './resolve-models.ts';
import { resolvePools } from './resolve-pools.ts';
import { resolveSlas } from './resolve-slas.ts';
import { resolveTraffic } from './resolve-traffic.ts';
import { resolveWorkloads } from './resolve-workloads.ts';

export interface Resolution {
  /** Everything that could be bound; what has a finding of its own is left out. Complete only where no finding is an error. */
  readonly set: PolicySet;
  readonly diagnostics: readonly Diagnostic[];
  /** No fault hides a backend, a model or another name that targets are reached by. */
  readonly targetsAreWhole: boolean;
}

/** Binds names to rows, fills defaults in and converts units. */
export function resolve(policy: Policy): Resolution {
  const desk = new Desk(policy);
  const servers = resolveBackends(desk);
  const names = resolveModels(servers, desk);
  const { slas, slaRows } = resolveSlas(desk);
  const classifier = resolveClassifier(desk);
  const { categories, categoryRows } = resolveCategories(slaRows, classifier, desk);
  const { classes, classRows } = resolveClasses(names, desk);
  const { callers, callerRows } = resolveCallers(desk);
  const policyRows = new Register('traffic policy');
  const policies = resolveTraffic({ slaRows, categoryRows, callerRows }, policyRows, desk);
  const budgets = resolveBudgets(
    { category: categoryRows, class: classRows, key: callerRows, backend: servers.backendRows, model: names.meanings },
    desk,
  );
  checkPrices(servers.backends, names, budgets, desk);
  const pools = resolvePools(desk);
  const workloads = resolveWorkloads(desk);
  const budgetRows = new Register('budget');
  for (const [row, { name }] of budgets.entries()) budgetRows.add(name, row);
  for (const { name } of desk.sections.budgets) budgetRows.hide(name);
  const invariants = resolveInvariants(
    {
      registers: {
        policy: policyRows,
        category: categoryRows,
        class: classRows,
        key: callerRows,
        backend: servers.backendRows,
        name: names.meanings,
        model: names.realNames,
        budget: budgetRows,
      },
      set: { ...names, policies, categories, classes, callers, backends: servers.backends, budgets },
    },
    desk,
  );
  const unenforced = listUnenforced(desk);
  return {
    set: {
      backends: servers.backends,
      targets: names.targets,
      models: names.models,
      names: names.names,
      policies,
      categories,
      classes,
      classifier,
      slas,
      budgets,
      callers,
      tiers: resolveTiers(desk),
      invariants,
      pools,
      workloads,
      enforcement: desk.sections.enforcement.some(({ entry }) => entry === 'shadow') ? 'shadow' : 'enforce',
      unenforced,
      priceTable: PRICE_TABLE,
    },
    diagnostics: desk.diagnostics,
    targetsAreWhole: !policy.doubtful && !servers.backendRows.hidesSome && !names.meanings.hidesSome,
  };
}

function resolveTiers(desk: Desk): PolicySet['tiers'] {
  const meanings = desk.sections.tiers.filter((named) => !named.broken).map(({ name, entry }) => [Number(name), String(entry)] as const);
  return Object.fromEntries(meanings);
}
