import type { WorkloadsEntry } from '../../schema/policy.ts';
import type { WorkloadPolicy } from '../../schema/policy-set.ts';
import { type Quota, QUOTAS } from '../../schema/workload.ts';
import type { Named } from '../parse/merge.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import type { Desk } from './desk.ts';
import { refuseGlob } from './glob.ts';
import { readCores, readMemory } from './units.ts';

type Document = Required<WorkloadsEntry>;
type Part<Name extends keyof Document> = Named<Document[Name]>;

/** Without a section: no quota, nothing protected, local nodes first, restricted workloads on this machine only. */
export function resolveWorkloads(desk: Desk): WorkloadPolicy {
  const find = <Name extends keyof Document>(name: Name): Part<Name> | null =>
    (desk.sections.workloads.find((part) => part.name === name && !part.broken) as Part<Name> | undefined) ?? null;
  const placement = find('placement');
  return {
    quotas: resolveQuotas(find('quotas'), desk),
    protected: resolveProtected(find('protected'), desk),
    prefer: placement?.entry.prefer ?? 'local',
    restrictedLabels: Object.entries(placement?.entry.restricted_labels ?? {}).map(([label, value]) => {
      return { label, value, place: keyAt(placement!.tree, 'restricted_labels', label).place };
    }),
  };
}

function resolveQuotas(part: Part<'quotas'> | null, desk: Desk): WorkloadPolicy['quotas'] {
  if (part === null) return [];
  const { entry, tree } = part;
  return QUOTAS.flatMap((quota) => {
    const written = entry[quota];
    if (written === undefined) return [];
    const limit = AMOUNTS[quota](written as never);
    if (limit !== null) return [{ quota, limit, place: keyAt(tree, quota).place }];
    const [expected, help] = REMEDIES[quota];
    desk.report('bad-unit', spotAt(tree, quota), `\`${written}\` is ${expected}`, help);
    return [];
  });
}

/** What was written as jobs, thousandths of a core or bytes; null where it is none. */
const AMOUNTS: { readonly [Q in Quota]: (written: Required<Document['quotas']>[Q]) => number | null } = {
  jobs_per_token: (jobs) => jobs,
  cpu: readCores,
  memory: readMemory,
};

const REMEDIES: Readonly<Record<Quota, readonly [expected: string, help: string]>> = {
  jobs_per_token: ['no number of jobs', 'write a whole number such as `20`'],
  cpu: ['no amount of cores: they are counted in thousandths', 'write at most three decimals, such as `0.5` or `8`'],
  memory: ['no amount of memory', 'write it like this: `16GiB`'],
};

function resolveProtected(part: Part<'protected'> | null, desk: Desk): WorkloadPolicy['protected'] {
  if (part === null) return [];
  return [part.entry].flat().flatMap((glob, row) => {
    const spot = spotAt(part.tree, row);
    const refusal = refuseGlob(glob);
    if (refusal === null) return [{ glob, place: spot.place }];
    desk.report('bad-glob', spot, refusal[0], refusal[1]);
    return [];
  });
}
