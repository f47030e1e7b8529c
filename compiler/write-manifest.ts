import { createHash } from 'node:crypto';
import { MANIFEST_FORMAT, type Manifest } from '../schema/manifest.ts';
import type { PolicySet } from '../schema/policy-set.ts';
import { CAPABILITIES } from '../schema/vocabulary.ts';
import type { Plan } from './plan/plan.ts';

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
    callers: set.callers.filter(({ implicit }) => !implicit).map(({ name, sha256, team, scopes }) => ({ name, sha256, team, scopes })),
    policies: set.policies.map(({ name, place }) => ({ name, place })),
    categories: set.categories.map(({ name }) => name),
    classes: set.classes.map(({ name }) => name),
    budgets: set.budgets.map(({ name }) => name),
    selfTest: facts.selfTest,
  };
  const { format, compiler, ...others } = rest;
  return { format, compiler, hash: createHash('sha256').update(JSON.stringify(rest)).digest('hex'), ...others };
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
