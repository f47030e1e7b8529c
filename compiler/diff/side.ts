import type { Manifest } from '../../schema/manifest.ts';
import type { PolicySet, Price, RateLimits } from '../../schema/policy-set.ts';
import type { RouterModule } from '../../schema/router.ts';
import { CAPABILITIES, type HardLimitAction, type Period, type Scope, type Zone } from '../../schema/vocabulary.ts';
import { type SideWorkloads, workloadsOfArtifact, workloadsOfSet } from './workload-settings.ts';

/** One of the two policies that are compared: its router, which alone says what it decides, and what its rows are called. */
export interface Side {
  /** As it was named: a folder, an artifact, a git ref. */
  readonly label: string;
  /** Hash of the artifact; null where only the policy was read. */
  readonly hash: string | null;
  readonly router: RouterModule;
  readonly targets: readonly SideTarget[];
  readonly backends: readonly SideBackend[];
  readonly names: readonly string[];
  /** Without the implicit last one. */
  readonly callers: readonly SideCaller[];
  readonly policies: readonly string[];
  /** Without the implicit last ones. */
  readonly categories: readonly string[];
  readonly classes: readonly string[];
  readonly budgets: readonly string[];
  /** What they hold, by row. */
  readonly limits: readonly SideLimit[];
  readonly workloads: SideWorkloads;
  /** The resolved policy; null for an artifact, which holds what it compiled to. */
  readonly set: PolicySet | null;
}

export interface SideTarget {
  /** `backend/model`. */
  readonly name: string;
  readonly backend: string;
  readonly model: string;
  readonly upstream: string;
  readonly zone: Zone;
  readonly cloud: boolean;
  readonly tier: number;
  readonly quality: number;
  readonly context: number | null;
  /** Set of capability bits. */
  readonly capabilities: number;
  readonly price: Price;
}

export interface SideBackend {
  readonly name: string;
  /** What its connection is made of, by the name that the policy language has for it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** By the names that the policy language has for them. */
export interface SideLimit {
  readonly limit_usd: number;
  readonly period: Period;
  readonly soft_limit_percent: number;
  readonly hard_limit_action: HardLimitAction;
}

export interface SideCaller {
  readonly name: string;
  readonly sha256: string;
  readonly team: string | null;
  readonly scopes: readonly Scope[];
  /** Absent where it has no limit. */
  readonly rate?: RateLimits;
}

/** A policy that was read, with the router that it means. */
export function sideOfSet(label: string, set: PolicySet, router: RouterModule, hash: string | null = null): Side {
  const declared = <Row extends { readonly implicit: boolean }>(rows: readonly Row[]): Row[] => rows.filter(({ implicit }) => !implicit);
  return {
    label,
    hash,
    // What is only observed decides nothing.
    router: set.enforcement === 'shadow' ? router.plain() : router,
    targets: set.targets.map((target) => {
      const { name, zone, cloud } = set.backends[target.backend];
      const model = set.models[target.model].name;
      const { upstream, tier, quality, context, capabilities, price } = target;
      return { name: `${name}/${model}`, backend: name, model, upstream, zone, cloud, tier, quality, context, capabilities, price };
    }),
    backends: set.backends.map(({ name, type, url, apiKeyEnv, zone, maxInFlight, timeouts, labels }) => ({
      name,
      settings: { type, url, api_key_env: apiKeyEnv, zone, max_in_flight: maxInFlight, timeouts, labels },
    })),
    names: set.names.map(({ name }) => name),
    callers: declared(set.callers).map(({ name, sha256, team, scopes, rate: { requests, tokens } }) => ({
      name,
      sha256,
      team,
      scopes,
      ...(requests === null && tokens === null ? {} : { rate: { requests, tokens } }),
    })),
    policies: set.policies.map(({ name }) => name),
    categories: declared(set.categories).map(({ name }) => name),
    classes: declared(set.classes).map(({ name }) => name),
    budgets: set.budgets.map(({ name }) => name),
    limits: set.budgets.map(({ limit, period, softLimitPercent, hardLimitAction }) => ({
      limit_usd: limit / 1e9,
      period,
      soft_limit_percent: softLimitPercent,
      hard_limit_action: hardLimitAction,
    })),
    workloads: workloadsOfSet(set.workloads),
    set,
  };
}

/** A compiled artifact. */
export function sideOfArtifact(label: string, manifest: Manifest, router: RouterModule): Side {
  return {
    label,
    hash: manifest.hash,
    router: manifest.enforcement === 'shadow' ? router.plain() : router,
    targets: manifest.targets.map((target) => {
      const { name, zone, cloud } = manifest.backends[target.backend];
      const { model, upstream, tier, quality, context, price } = target;
      const capabilities = target.capabilities.reduce((bits, capability) => bits | (1 << CAPABILITIES.indexOf(capability)), 0);
      return { name: `${name}/${model}`, backend: name, model, upstream, zone, cloud, tier, quality, context, capabilities, price };
    }),
    backends: manifest.backends.map(({ name, type, url, api_key_env, zone, max_in_flight, timeouts, labels }) => ({
      name,
      settings: { type, url, api_key_env, zone, max_in_flight, timeouts, labels },
    })),
    names: manifest.names.map(({ name }) => name),
    callers: manifest.callers,
    policies: manifest.policies.map(({ name }) => name),
    categories: manifest.categories.slice(0, -1),
    classes: manifest.classes.slice(0, -1),
    budgets: manifest.budgets.map(({ name }) => name),
    limits: manifest.budgets.map(({ limit, period, soft_limit_percent, hard_limit_action }) => ({
      limit_usd: limit / 1e9,
      period,
      soft_limit_percent,
      hard_limit_action,
    })),
    workloads: workloadsOfArtifact(manifest.workloads),
    set: null,
  };
}
