import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildWorkloads } from '../../compiler/emit/kernel/workloads.ts';
import { brokenQuotas, protectedBy } from '../../compiler/interpret/hold-workloads.ts';
import { place } from '../../compiler/interpret/place.ts';
import { planWorkloads } from '../../compiler/plan/plan-workloads.ts';
import type { WorkloadPolicy } from '../../schema/policy-set.ts';
import {
  type Holding,
  NODE_KINDS,
  type NodeState,
  PLACEMENT_FILTERS,
  QUOTAS,
  type Resources,
  WORKLOAD_FORMS,
  type WorkloadIntent,
  type WorkloadRules,
} from '../../schema/workload.ts';
import { buildPolicySet } from '../build/policy-set.ts';

const place_ = { file: 'policies/workloads.yaml', line: 1, column: 1 };

const anyLabels = fc.dictionary(fc.constantFrom('zone', 'rack', '__proto__', 'toString'), fc.constantFrom('a', 'b', ''), { maxKeys: 3 });
const anyAmount = (most: number) => fc.oneof(fc.constantFrom(0, 1, most - 1, most), fc.nat({ max: most }));
const anyResources: fc.Arbitrary<Resources> = fc.record({
  cpuMillis: anyAmount(8_000),
  memoryBytes: fc.oneof(
    anyAmount(2 ** 30),
    fc.nat({ max: 64 }).map((gib) => gib * 2 ** 30),
  ),
  gpus: fc.nat({ max: 3 }),
});
/** Nodes that nothing fits on would make laws about choices empty. */
const mostly = (usual: boolean) => fc.nat({ max: 5 }).map((draw) => (draw > 0 ? usual : !usual));
const anyNode: fc.Arbitrary<Omit<NodeState, 'name'>> = fc.record({
  kind: fc.constantFrom(...NODE_KINDS),
  reachable: mostly(true),
  cordoned: mostly(false),
  labels: anyLabels,
  forms: fc.oneof(fc.constant([...WORKLOAD_FORMS]), fc.subarray([...WORKLOAD_FORMS])),
  total: anyResources,
  free: fc.oneof(anyResources, fc.constant({ cpuMillis: -1, memoryBytes: -1, gpus: -1 })),
  load: fc.integer({ min: 0, max: 1000 }).map((busy) => busy / 1000),
});
const anyNodes: fc.Arbitrary<NodeState[]> = fc
  .array(anyNode, { maxLength: 8 })
  .map((nodes) => nodes.map((node, row) => ({ ...node, name: `n${row}` })));
const anyIntent: fc.Arbitrary<WorkloadIntent> = fc.record({
  privacy: fc.constantFrom('unrestricted', 'restricted'),
  needs: fc.oneof(anyResources, fc.constant({ cpuMillis: 0, memoryBytes: 0, gpus: 0 })),
  labels: fc.oneof(fc.constant({}), anyLabels),
  forms: fc.subarray([...WORKLOAD_FORMS], { minLength: 1 }),
});
const GLOBS = ['kube-*', '*', 'a?c', '[ab]-*', '{x,y}z', 'plain', 'a[b]', '**-job'];
const anyPolicy: fc.Arbitrary<WorkloadPolicy> = fc.record({
  quotas: fc
    .record({ jobs_per_token: fc.nat({ max: 5 }), cpu: anyAmount(8_000), memory: anyAmount(2 ** 34) }, { requiredKeys: [] })
    .map((limits) => QUOTAS.flatMap((quota) => (limits[quota] === undefined ? [] : [{ quota, limit: limits[quota], place: place_ }]))),
  protected: fc.subarray(GLOBS).map((globs) => globs.map((glob) => ({ glob, place: place_ }))),
  prefer: fc.constantFrom('local', 'any'),
  restrictedLabels: anyLabels.map((labels) => Object.entries(labels).map(([label, value]) => ({ label, value, place: place_ }))),
});
/** The rules as a router carries them. */
const rulesOf = (workloads: WorkloadPolicy): WorkloadRules => buildWorkloads(planWorkloads(buildPolicySet({ workloads })));

const anyCase = fc.record({ policy: anyPolicy, intent: anyIntent, nodes: anyNodes });
const law = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void): void =>
  fc.assert(fc.property(arbitrary, holds), { numRuns: 2_000 });

test('a router places as the interpreter does', () => {
  let placed = 0;
  law(anyCase, ({ policy, intent, nodes }) => {
    const { chosen, scores, excluded } = rulesOf(policy).place(intent, nodes);
    expect({ chosen, scores, excluded: excluded.map(({ node, filter }) => ({ node, filter })) }).toEqual(place(policy, intent, nodes));
    placed += Number(chosen >= 0);
  });
  expect(placed).toBeGreaterThan(100);
});

test('a restricted workload never leaves: its node has every label, or is this machine where none is named', () => {
  let placed = 0;
  law(anyCase, ({ policy, intent, nodes }) => {
    const { chosen } = rulesOf(policy).place({ ...intent, privacy: 'restricted' }, nodes);
    if (chosen < 0) return;
    placed++;
    const { kind, labels } = nodes[chosen]!;
    if (policy.restrictedLabels.length === 0) expect(kind).toBe('local');
    for (const { label, value } of policy.restrictedLabels) expect(Object.entries(labels)).toContainEqual([label, value]);
  });
  expect(placed).toBeGreaterThan(100);
});

test('the chosen node is not excluded and no other has a higher score; excluded nodes score 0 and have a reason, others neither', () => {
  law(anyCase, ({ policy, intent, nodes }) => {
    const { chosen, scores, excluded } = rulesOf(policy).place(intent, nodes);
    const out = new Set(excluded.map(({ node }) => node));
    for (const [row, { name }] of nodes.entries()) expect(scores[row]! > 0).toBe(!out.has(name));
    expect(chosen).toBe(Math.max(0, ...scores) === 0 ? -1 : scores.indexOf(Math.max(...scores)));
    for (const reason of excluded) expect(reason.detail).toMatch(/^[^\n.]\S*( .*[^.])?$/);
    const order = excluded.map(
      ({ node, filter }) => nodes.findIndex(({ name }) => name === node) * 100 + PLACEMENT_FILTERS.indexOf(filter),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

test('taking away a node that was not chosen does not change who is chosen, nor anybody’s score', () => {
  law(fc.record({ asked: anyCase, pick: fc.nat() }), ({ asked: { policy, intent, nodes }, pick }) => {
    const rules = rulesOf(policy);
    const { chosen, scores } = rules.place(intent, nodes);
    const gone = nodes.length === 0 ? -1 : pick % nodes.length;
    if (gone === chosen || gone < 0) return;
    const left = rules.place(intent, nodes.toSpliced(gone, 1));
    expect(left.scores).toEqual(scores.toSpliced(gone, 1));
    expect(chosen < 0 ? null : nodes[chosen]).toEqual(left.chosen < 0 ? null : nodes.toSpliced(gone, 1)[left.chosen]);
  });
});

test('the order of the nodes decides among equals only', () => {
  law(anyCase, ({ policy, intent, nodes }) => {
    const rules = rulesOf(policy);
    const [forth, back] = [rules.place(intent, nodes), rules.place(intent, nodes.toReversed())];
    expect(back.scores).toEqual(forth.scores.toReversed());
    expect(back.scores[back.chosen]).toBe(forth.scores[forth.chosen]);
  });
});

test('more free capacity, or asking for less, never makes a node unfit nor its score lower', () => {
  const extra = fc.record({ asked: anyCase, more: anyResources });
  law(extra, ({ asked: { policy, intent, nodes }, more }) => {
    const rules = rulesOf(policy);
    const add = (a: Resources, b: Resources, sign: 1 | -1): Resources => ({
      cpuMillis: Math.max(0, a.cpuMillis + sign * b.cpuMillis),
      memoryBytes: Math.max(0, a.memoryBytes + sign * b.memoryBytes),
      gpus: Math.max(0, a.gpus + sign * b.gpus),
    });
    const before = rules.place(intent, nodes).scores;
    const roomier = rules.place(
      intent,
      nodes.map((node) => ({ ...node, free: add(node.free, more, 1) })),
    ).scores;
    const smaller = rules.place({ ...intent, needs: add(intent.needs, more, -1) }, nodes).scores;
    for (const [row, score] of before.entries()) {
      expect(roomier[row]).toBeGreaterThanOrEqual(score);
      expect(smaller[row]).toBeGreaterThanOrEqual(score);
    }
  });
});

test('where local is preferred, a local node that fits beats every other; where it is not, the kind of a node does not matter', () => {
  law(anyCase, ({ policy, intent, nodes }) => {
    const { chosen, scores } = rulesOf({ ...policy, prefer: 'local' }).place(intent, nodes);
    const localFits = nodes.some(({ kind }, row) => kind === 'local' && scores[row]! > 0);
    if (localFits) expect(nodes[chosen]!.kind).toBe('local');
    const open = { ...policy, prefer: 'any', restrictedLabels: [] } as const;
    const anywhere = rulesOf(open).place({ ...intent, privacy: 'unrestricted' }, nodes);
    const moved = nodes.map((node) => ({ ...node, kind: 'peer' as const }));
    expect(rulesOf(open).place({ ...intent, privacy: 'unrestricted' }, moved)).toEqual(anywhere);
  });
});

test('whoever schedules only what is not refused never holds more than its quotas', () => {
  const anyRun = fc.record({ policy: anyPolicy, asks: fc.array(anyResources, { maxLength: 30 }) });
  law(anyRun, ({ policy, asks }) => {
    const rules = rulesOf(policy);
    let held: Holding = { jobs: 0, cpuMillis: 0, memoryBytes: 0 };
    for (const asked of asks) {
      const refusals = rules.refuse(held, asked);
      expect(refusals.map(({ quota }) => quota)).toEqual(brokenQuotas(policy, held, asked));
      for (const { limit, held: has, asked: wants } of refusals) expect(has + wants).toBeGreaterThan(limit);
      if (refusals.length > 0) continue;
      held = { jobs: held.jobs + 1, cpuMillis: held.cpuMillis + asked.cpuMillis, memoryBytes: held.memoryBytes + asked.memoryBytes };
      const holds = { jobs_per_token: held.jobs, cpu: held.cpuMillis, memory: held.memoryBytes };
      for (const { quota, limit } of policy.quotas) expect(holds[quota]).toBeLessThanOrEqual(limit);
    }
  });
});

test('protection means what globs mean everywhere else', () => {
  const anyName = fc.oneof(
    fc.constantFrom(...GLOBS, 'kube-dns', 'abc', 'xz', ''),
    fc.string({ unit: fc.constantFrom(...'abkuexyz-./[]'), maxLength: 8 }),
  );
  law(fc.record({ policy: anyPolicy, name: anyName }), ({ policy, name }) => {
    expect(rulesOf(policy).protects(name)).toBe(protectedBy(policy)(name));
  });
});

test('what is no number fits nowhere, and breaks a quota', () => {
  const node: NodeState = {
    name: 'n',
    kind: 'local',
    reachable: true,
    cordoned: false,
    labels: {},
    forms: ['process'],
    total: { cpuMillis: 8000, memoryBytes: 2 ** 34, gpus: 1 },
    free: { cpuMillis: 8000, memoryBytes: 2 ** 34, gpus: 1 },
    load: 0,
  };
  const needs: Resources = { cpuMillis: 1000, memoryBytes: 2 ** 30, gpus: 0 };
  const intent: WorkloadIntent = { privacy: 'unrestricted', needs, labels: {}, forms: ['process'] };
  const quotas = QUOTAS.map((quota) => ({ quota, limit: 1e12, place: place_ }));
  const rules = rulesOf({ quotas, protected: [], prefer: 'local', restrictedLabels: [] });
  expect(rules.place(intent, [node]).chosen).toBe(0);
  for (const [kind, filter] of [
    ['cpuMillis', 'cpu'],
    ['memoryBytes', 'memory'],
    ['gpus', 'gpu'],
  ] as const) {
    const { chosen, excluded } = rules.place({ ...intent, needs: { ...needs, [kind]: Number.NaN } }, [node]);
    expect([chosen, excluded.map((reason) => reason.filter)]).toEqual([-1, [filter]]);
  }
  expect(rules.place(intent, [{ ...node, free: { ...node.free, cpuMillis: Number.NaN } }]).chosen).toBe(-1);
  expect(rules.place(intent, [{ ...node, load: Number.NaN }]).scores).toEqual(rules.place(intent, [{ ...node, load: 1 }]).scores);
  expect(rules.refuse({ jobs: 0, cpuMillis: Number.NaN, memoryBytes: 0 }, needs).map(({ quota }) => quota)).toEqual(['cpu']);
});
