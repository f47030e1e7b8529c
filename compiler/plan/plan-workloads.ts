import type { Place, PolicySet } from '../../schema/policy-set.ts';
import type { WorkloadsData } from '../emit/kernel/data.ts';
import { toRegExp } from '../resolve/glob.ts';

/** Names of workloads are not known before somebody runs them, so their globs become regular expressions and not rows. */
export function planWorkloads({ workloads }: PolicySet): WorkloadsData {
  return {
    quotas: workloads.quotas.map(({ quota, limit, place }) => ({ quota, limit, place: write(place) })),
    protected: workloads.protected.map(({ glob, place }) => ({ glob, pattern: toRegExp(glob), place: write(place) })),
    prefer: workloads.prefer,
    restrictedLabels: workloads.restrictedLabels.map(({ label, value, place }) => ({ label, value, place: write(place) })),
  };
}

const write = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;
