import { createHash } from 'node:crypto';
import { type BudgetConfig, type CallerConfig, MANIFEST_FORMAT, type Manifest, type PoolConfig } from '../schema/manifest.ts';
import type { Budget, Caller, PolicySet, Pool, WorkloadPolicy } from '../schema/policy-set.ts';
import { CAPABILITIES } from '../schema/vocabulary.ts';
import type { Quota, WorkloadsConfig } from '../schema/workload.ts';
import type { Plan } from './plan/plan.ts';
import { toRegExp } from './resolve/glob.ts';

type Facts = Pick<Manifest, 'compiler' | 'sources' | 'proof' | 'selfTest'> & {
  readonly router: string;
  readonly page: string;
  readonly statements: number;
};

/** The manifest of an artifact; its `hash` is the SHA-256 of its JSON without that member. */
export function writeManifest(set: PolicySet, plan: Plan, facts: Facts): Manifest {
  const rest: Omit<Manifest, 'hash'> = {
    format: MANIFEST_FORMAT,
    compiler: facts.compiler,
    router: { file: 'router.js', sha256: facts.router },
    page: { file: 'router.ts', sha256: facts.page },
    sources: facts.sources,
    prices: set.priceTable,
    plan: planFacts(set, plan, facts.statements),
    proof: facts.proof,
    unenforced: [...new Set(set.unenforced.map(({ section }) => section))],
    backends: set.backends.map((backend) => ({
      name: backend.name,
      type: backend.type,
      url: backend.url,
      api_key_env: backend.apiKeyEnv,
      zone: backend.zone,
      cloud: backend.cloud,
      max_in_flight: backend.maxInFlight,
      timeouts: backend.timeouts,
      labels: backend.labels,
    })),
    targets: set.targets.map((target) => ({
      backend: target.backend,
      model: set.models[target.model]!.name,
      upstream: target.upstream,
      tier: target.tier,
      quality: target.quality,
      context: target.context,
      capabilities: CAPABILITIES.filter((_, bit) => target.capabilities & (1 << bit)),
      price: target.price,
      encoding: set.models[target.model]!.encoding,
    })),
    names: set.names.map(({ name, model, hops }) => ({
      name,
      kind: hops.length > 1 ? 'alias' : set.models[model]!.virtual ? 'virtual' : 'model',
      model: set.models[model]!.name,
      targets: set.models[model]!.candidates,
    })),
    callers: set.callers.filter(({ implicit }) => !implicit).map(callerOf),
    policies: set.policies.map(({ name, place }) => ({ name, place })),
    categories: set.categories.map(({ name }) => name),
    classes: set.classes.map(({ name }) => name),
    budgets: set.budgets.map((budget) => budgetOf(set, budget)),
    pools: set.pools.map(poolOf),
    workloads: workloadsOf(set.workloads),
    ...(set.enforcement === 'shadow' ? { enforcement: set.enforcement } : {}),
    selfTest: facts.selfTest,
  };
  const { format, compiler, ...others } = rest;
  return { format, compiler, hash: createHash('sha256').update(JSON.stringify(rest)).digest('hex'), ...others };
}

/** A manifest says nothing of limits that are not there. */
function callerOf({ name, sha256, team, scopes, rate }: Caller): CallerConfig {
  const isLimited = rate.requests !== null || rate.tokens !== null;
  return { name, sha256, team, scopes, ...(isLimited ? { rate } : {}) };
}

function budgetOf(set: PolicySet, { name, limit, period, softLimitPercent, hardLimitAction, scope }: Budget): BudgetConfig {
  const nameIn = (rows: readonly { readonly name: string }[], row: number | null): string | null => (row === null ? null : rows[row]!.name);
  return {
    name,
    limit,
    period,
    soft_limit_percent: softLimitPercent,
    hard_limit_action: hardLimitAction,
    scope: {
      category: nameIn(set.categories, scope.category),
      class: nameIn(set.classes, scope.class),
      key: nameIn(set.callers, scope.key),
      team: scope.team,
      backend: nameIn(set.backends, scope.backend),
      model: nameIn(set.models, scope.model),
    },
  };
}

function poolOf({ name, size, maxSize, queueDepth, maxAttempts, assignmentSla, types }: Pool): PoolConfig {
  return {
    name,
    size,
    max_size: maxSize,
    queue_depth: queueDepth,
    max_attempts: maxAttempts,
    assignment_sla: assignmentSla,
    types: Object.fromEntries(Object.entries(types).map(([type, globs]) => [type, globs.map(toRegExp)])),
  };
}

function workloadsOf({ quotas, protected: globs, prefer, restrictedLabels }: WorkloadPolicy): WorkloadsConfig {
  const limitOf = (name: Quota): number | null => quotas.find(({ quota }) => quota === name)?.limit ?? null;
  return {
    quotas: { jobs: limitOf('jobs_per_token'), cpuMillis: limitOf('cpu'), memoryBytes: limitOf('memory') },
    protected: globs.map(({ glob }) => glob),
    prefer,
    restrictedLabels: Object.fromEntries(restrictedLabels.map(({ label, value }) => [label, value])),
  };
}

function planFacts(set: PolicySet, { data }: Plan, statements: number): Manifest['plan'] {
  return {
    targets: set.targets.length,
    policies: set.policies.length - 1,
    names: set.names.length,
    words: data.words,
    axes: data.axes.length,
    price_classes: data.axes.find(({ content }) => content.kind === 'price')?.rows ?? 0,
    rank_classes: data.rankClasses.length,
    route: { statements, branches: 0 },
  };
}
