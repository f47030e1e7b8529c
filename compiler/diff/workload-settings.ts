import type { WorkloadPolicy } from '../../schema/policy-set.ts';
import { QUOTAS, type Quota, type WorkloadsConfig } from '../../schema/workload.ts';
import type { Direction } from './effects.ts';

/** The policy of workloads, whether it was read or comes from an artifact. Labels as `name: value`. */
export interface SideWorkloads {
  /** Jobs, thousandths of a core, bytes; absent = not limited. */
  readonly quotas: Readonly<Partial<Record<Quota, number>>>;
  readonly protected: readonly string[];
  readonly prefer: WorkloadsConfig['prefer'];
  readonly restrictedLabels: readonly string[];
}

export function workloadsOfSet({ quotas, protected: globs, prefer, restrictedLabels }: WorkloadPolicy): SideWorkloads {
  return {
    quotas: Object.fromEntries(quotas.map(({ quota, limit }) => [quota, limit])),
    protected: globs.map(({ glob }) => glob),
    prefer,
    restrictedLabels: restrictedLabels.map(({ label, value }) => `${label}: ${value}`),
  };
}

/** Artifacts of before workloads were enforced limit nothing. */
export function workloadsOfArtifact(config: WorkloadsConfig | undefined): SideWorkloads {
  if (config === undefined) return { quotas: {}, protected: [], prefer: 'local', restrictedLabels: [] };
  const { jobs, cpuMillis, memoryBytes } = config.quotas;
  const limits: readonly (readonly [Quota, number | null])[] = [
    ['jobs_per_token', jobs],
    ['cpu', cpuMillis],
    ['memory', memoryBytes],
  ];
  return {
    quotas: Object.fromEntries(limits.filter(([, limit]) => limit !== null)),
    protected: config.protected,
    prefer: config.prefer,
    restrictedLabels: Object.entries(config.restrictedLabels).map(([label, value]) => `${label}: ${value}`),
  };
}

type Add = (what: string, from: unknown, to: unknown, direction?: Direction) => void;

export function compareWorkloads(old: SideWorkloads, now: SideWorkloads, add: Add): void {
  const most = Number.POSITIVE_INFINITY;
  for (const quota of QUOTAS) {
    const [from, to] = [old.quotas[quota], now.quotas[quota]];
    add(`workloads: quotas.${quota}`, describe(quota, from), describe(quota, to), (to ?? most) > (from ?? most) ? 'loosens' : 'tightens');
  }
  const [before, after] = [[...old.protected].sort(), [...now.protected].sort()];
  add('workloads: protected', listOf(before), listOf(after), growth(before, after, 'tightens', 'loosens'));
  add('workloads: placement.prefer', old.prefer, now.prefer);
  const [inside, kept] = [[...old.restrictedLabels].sort(), [...now.restrictedLabels].sort()];
  // Without labels they stay on this machine: the first one lets them leave it.
  const direction = inside.length === 0 ? 'loosens' : kept.length === 0 ? 'moves' : growth(inside, kept, 'tightens', 'loosens');
  add('workloads: placement.restricted_labels', listOf(inside), listOf(kept), direction);
}

/** What it means that only something was added, or only something taken away. */
function growth(from: readonly string[], to: readonly string[], added: Direction, removed: Direction): Direction {
  if (from.every((word) => to.includes(word))) return added;
  return to.every((word) => from.includes(word)) ? removed : 'moves';
}

const listOf = (words: readonly string[]): string | null => (words.length === 0 ? null : words.join(', '));

const UNITS: Readonly<Record<Quota, (limit: number) => string>> = {
  jobs_per_token: (jobs) => String(jobs),
  cpu: (millis) => String(millis / 1000),
  memory: (bytes) => (bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}GiB` : bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}MiB` : `${bytes} bytes`),
};
const describe = (quota: Quota, limit: number | undefined): string | null => (limit === undefined ? null : UNITS[quota](limit));
