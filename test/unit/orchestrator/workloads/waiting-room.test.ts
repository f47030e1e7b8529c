import fc from 'fast-check';
import { expect, test } from 'vitest';
import { place } from '../../../../compiler/interpret/place.ts';
import type { NodeState, Resources, WorkloadIntent, WorkloadRules } from '../../../../schema/workload.ts';
import { buildWorkloads } from '../../../../compiler/emit/kernel/workloads.ts';
import { planWorkloads } from '../../../../compiler/plan/plan-workloads.ts';
import { Bookings } from '../../../../runtime/orchestrator/workloads/bookings.ts';
import { mayEverTake } from '../../../../runtime/orchestrator/workloads/may-ever-take.ts';
import { WaitingRoom } from '../../../../runtime/orchestrator/workloads/waiting-room.ts';
import { buildPolicySet } from '../../../build/policy-set.ts';

const POLICY = { quotas: [], protected: [], prefer: 'any', restrictedLabels: [] } as const;
const RULES: WorkloadRules = buildWorkloads(planWorkloads(buildPolicySet({ workloads: POLICY })));
const needs = (cpuMillis: number): Resources => ({ cpuMillis, memoryBytes: 0, gpus: 0 });
const intentOf = (cpuMillis: number, labels: Record<string, string> = {}): WorkloadIntent => ({
  privacy: 'unrestricted',
  needs: needs(cpuMillis),
  labels,
  forms: ['process'],
});
const nodeOf = (name: string, total: number, free: number, more: Partial<NodeState> = {}): NodeState => ({
  name,
  kind: 'kubernetes',
  reachable: true,
  cordoned: false,
  labels: {},
  forms: ['process'],
  total: needs(total),
  free: needs(free),
  load: 0,
  ...more,
});

test('places are never promised twice, whatever is asked in whatever order', () => {
  const anyAsked = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 30 });
  const anyFree = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 4 });
  let placed = 0;
  fc.assert(
    fc.property(anyFree, anyAsked, (free, asked) => {
      const nodes = free.map((left, row) => nodeOf(`n${row}`, 10, left));
      const room = new WaitingRoom({ rules: () => RULES, nodes: () => nodes, bookings: new Bookings() });
      const taken = new Map<string, number>();
      for (const [row, amount] of asked.entries()) {
        const sought = room.seek(`run-${row}`, intentOf(amount));
        expect(sought.result).not.toBe('never');
        if (sought.result === 'placed') taken.set(sought.placed.node, (taken.get(sought.placed.node) ?? 0) + amount);
        placed += Number(sought.result === 'placed');
      }
      for (const [row, left] of free.entries()) expect(taken.get(`n${row}`) ?? 0).toBeLessThanOrEqual(left);
    }),
  );
  expect(placed).toBeGreaterThan(100);
});

test('who waits is served in order: nobody gets a node that somebody before him could have', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 12 }),
      async (asked, gains) => {
        let free = 0;
        const bookings = new Bookings();
        const room = new WaitingRoom({ rules: () => RULES, nodes: () => [nodeOf('n', 10, free)], bookings });
        const served: number[] = [];
        const leave = new AbortController();
        for (const [row, amount] of asked.entries()) {
          room.wait(`run-${row}`, row, intentOf(amount), leave.signal).then(
            () => served.push(row),
            () => {},
          );
        }
        for (const gain of gains) {
          free = Math.min(10, free + gain);
          room.look();
          await new Promise(setImmediate);
          // What was booked is counted at its place now, and ends there in time.
          for (const row of served) bookings.release(`run-${row}`);
          free = 0;
        }
        expect(served).toEqual([...served.keys()]);
        leave.abort(new Error('over'));
        room.close();
      },
    ),
    { numRuns: 200 },
  );
});

test('a new one does not pass those who wait', () => {
  let free = 0;
  const room = new WaitingRoom({ rules: () => RULES, nodes: () => [nodeOf('n', 10, free)], bookings: new Bookings() });
  const leave = new AbortController();
  room.wait('large', 0, intentOf(10), leave.signal).catch(() => {});
  free = 5;
  expect(room.seek('small', intentOf(1)).result).toBe('wait');
  leave.abort(new Error('over'));
  room.look();
  expect(room.seek('small', intentOf(1)).result).toBe('placed');
  room.close();
});

test('never is said only where no waiting helps: every combination of what may exclude a node', () => {
  let never = 0;
  for (const reachable of [true, false])
    for (const cordoned of [true, false])
      for (const zone of ['a', 'b'])
        for (const forms of [['process'], ['container']] as const)
          for (const total of [4, 8])
            for (const free of [0, 8]) {
              const node = nodeOf('n', total, Math.min(free, total), { reachable, cordoned, labels: { zone }, forms });
              const intent = intentOf(6, { zone: 'a' });
              const { excluded } = RULES.place(intent, [node]);
              const ever = mayEverTake(node, intent.needs, excluded);
              // It helps to wait exactly where the same node, reachable, uncordoned and empty, takes it.
              const best = { ...node, reachable: true, cordoned: false, free: node.total };
              expect(ever).toBe(place(POLICY, intent, [best]).chosen === 0);
              never += Number(!ever);
            }
  expect(never).toBeGreaterThan(0);
});

test('why a run waits is told as it is now, while it waits and before; telling books nothing', async () => {
  let nodes = [nodeOf('n', 4, 4)];
  const room = new WaitingRoom({ rules: () => RULES, nodes: () => nodes, bookings: new Bookings() });
  expect(room.explain('first', intentOf(3))).toEqual([]);
  expect(room.explain('first', intentOf(3))).toEqual([]);
  nodes = [nodeOf('n', 4, 1)];
  const leave = new AbortController();
  const waiting = room.wait('first', 1, intentOf(3), leave.signal);
  expect(room.explain('first', intentOf(3))).toMatchObject([{ node: 'n', filter: 'cpu' }]);
  nodes = [nodeOf('n', 4, 4, { reachable: false })];
  room.look();
  expect(room.explain('first', intentOf(3))).toMatchObject([{ node: 'n', filter: 'unreachable' }]);
  nodes = [nodeOf('n', 4, 2)];
  room.look();
  // What the first one waits for is nobody else's.
  expect(room.explain('second', intentOf(1))).toMatchObject([{ node: 'n', filter: 'cpu' }]);
  nodes = [nodeOf('n', 4, 4)];
  room.look();
  expect((await waiting).node).toBe('n');
  room.close();
});
