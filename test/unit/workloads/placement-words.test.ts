import { expect, test } from 'vitest';
import { buildPlace } from '../../../compiler/emit/kernel/place.ts';
import type { NodeState, Resources, WorkloadIntent } from '../../../schema/workload.ts';

const place = 'policies/workloads.yaml:1:1';
const SEALED = [
  { label: 'zone', value: 'restricted', place },
  { label: 'disk', value: 'sealed', place },
];
const TOTAL: Resources = { cpuMillis: 8000, memoryBytes: 16 * 2 ** 30, gpus: 2 };
const NODE: NodeState = {
  name: 'n',
  kind: 'peer',
  reachable: true,
  cordoned: false,
  labels: {},
  forms: ['process'],
  total: TOTAL,
  free: TOTAL,
  load: 0,
};
const INTENT: WorkloadIntent = {
  privacy: 'unrestricted',
  needs: { cpuMillis: 0, memoryBytes: 0, gpus: 0 },
  labels: {},
  forms: ['process'],
};

/** What is told of one node. */
function tell(intent: Partial<WorkloadIntent>, node: Partial<NodeState> = {}, restrictedLabels: typeof SEALED = []): string[] {
  const ask = buildPlace({ quotas: [], protected: [], prefer: 'local', restrictedLabels });
  const { excluded } = ask({ ...INTENT, ...intent }, [{ ...NODE, ...node }]);
  return excluded.map(({ filter, detail }) => `${filter}: ${detail}`);
}
const needs = (some: Partial<Resources>): Pick<WorkloadIntent, 'needs'> => ({ needs: { ...INTENT.needs, ...some } });
const free = (some: Partial<Resources>): Pick<NodeState, 'free'> => ({ free: { ...TOTAL, ...some } });

test('every filter says what was asked and what is there', () => {
  expect(tell({}, { reachable: false, cordoned: true })).toEqual(['unreachable: does not answer', 'cordoned: takes no new workloads']);
  expect(tell({ privacy: 'restricted' })).toEqual([
    'privacy: a restricted workload stays on this machine: the policy names no `restricted_labels`',
  ]);
  expect(tell({ privacy: 'restricted' }, { kind: 'local' })).toEqual([]);
  expect(tell({ privacy: 'restricted' }, { labels: { zone: 'open' }, kind: 'local' }, SEALED)).toEqual([
    'privacy: a restricted workload needs `zone: restricted`, the node has `zone: open`; `disk: sealed`, the node has no `disk`',
  ]);
  expect(tell({ labels: { gpu: 'a100' } })).toEqual(['labels: needs `gpu: a100`, the node has no `gpu`']);
  expect(tell({ forms: ['container'] })).toEqual(['form: it runs as container, the node takes process']);
  expect(tell({ forms: ['container'] }, { forms: [] })).toEqual(['form: it runs as container, the node takes nothing']);
});

test.each<[needs: Partial<Resources>, free: Partial<Resources>, told: string]>([
  [{ cpuMillis: 4000 }, { cpuMillis: 1500 }, 'cpu: needs 4 cores, 1.5 cores are free'],
  [{ cpuMillis: 1001 }, { cpuMillis: 1000 }, 'cpu: needs 1.001 cores, 1 core is free'],
  [{ cpuMillis: 500 }, { cpuMillis: 0 }, 'cpu: needs 0.5 cores, none is free'],
  [{ cpuMillis: 500 }, { cpuMillis: -250 }, 'cpu: needs 0.5 cores, none is free'],
  [{ cpuMillis: 9000 }, {}, 'cpu: needs 9 cores, it has 8 cores'],
  [{ gpus: 1 }, { gpus: 0 }, 'gpu: needs 1 GPU, none is free'],
  [{ gpus: 2 }, { gpus: 1 }, 'gpu: needs 2 GPUs, 1 GPU is free'],
  [{ memoryBytes: 3 * 2 ** 30 + 1 }, { memoryBytes: 3 * 2 ** 30 }, 'memory: needs 3.01 GiB, 3 GiB are free'],
  [{ memoryBytes: 2 ** 40 }, {}, 'memory: needs 1 TiB, it has 16 GiB'],
  [{ memoryBytes: 600 * 2 ** 20 }, { memoryBytes: 700 }, 'memory: needs 600 MiB, 700 B are free'],
])('%o where %o is free', (asked, there, told) => {
  expect(tell(needs(asked), free(there))).toEqual([told]);
});

test('what has none of a kind says so', () => {
  expect(tell(needs({ gpus: 1 }), { total: { ...TOTAL, gpus: 0 }, ...free({ gpus: 0 }) })).toEqual(['gpu: needs 1 GPU, it has none']);
});

test('all reasons of a node are told, in the order of the filters', () => {
  const reasons = tell(
    { privacy: 'restricted', labels: { a: 'b' }, forms: ['container'], ...needs({ cpuMillis: 9000, memoryBytes: 2 ** 40, gpus: 3 }) },
    { reachable: false, cordoned: true },
  );
  expect(reasons.map((reason) => reason.split(':')[0])).toEqual([
    'unreachable',
    'cordoned',
    'privacy',
    'labels',
    'form',
    'gpu',
    'cpu',
    'memory',
  ]);
});

test('the score: 1 + what stays free of CPU and memory in thousandths, halved, × idle; 2000 more where preferred', () => {
  const ask = (prefer: 'local' | 'any', node: Partial<NodeState>) =>
    buildPlace({ quotas: [], protected: [], prefer, restrictedLabels: [] })({ ...INTENT, ...needs({ cpuMillis: 2000 }) }, [
      { ...NODE, ...node },
    ]).scores[0];
  // (750 + 1000) × (1000 − 250) ÷ 2000 = 656.25
  expect(ask('any', { load: 0.25 })).toBe(657);
  expect(ask('local', { load: 0.25 })).toBe(657);
  expect(ask('local', { load: 0.25, kind: 'local' })).toBe(2657);
  expect(ask('any', { load: 0.25, kind: 'local' })).toBe(657);
  expect(ask('any', { load: 1 })).toBe(1);
  expect(ask('any', { ...free({ cpuMillis: 1999 }) })).toBe(0);
});
