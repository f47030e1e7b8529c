import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Pod, Runner } from '../../../../runtime/orchestrator/runner.ts';
import { endStrays } from '../../../../runtime/orchestrator/workloads/end-strays.ts';
import { Places } from '../../../../runtime/orchestrator/workloads/places.ts';
import type { WorkloadTables } from '../../../../runtime/orchestrator/workloads/tables.ts';
import { nameRun } from '../../../../runtime/orchestrator/workloads/workload-record.ts';
import { SHELVES, type Shelf } from '../../../exams/store/stores.ts';
import { openProcess, type Process } from './bench.ts';
import { ScriptedPlace } from './scripted-place.ts';

/** Runs that go on although their record is done with them. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let shelf: Shelf;
let place: ScriptedPlace;
let process: Process;
beforeEach(async () => {
  shelf = await SHELVES.sqlite!();
  place = new ScriptedPlace();
  process = await openProcess(shelf, [place]);
});
afterEach(async () => {
  await process.close();
  await shelf.remove();
});

/** A run that the place tells of beside its own. */
const stray = (id: string, more: Partial<Pod> = {}): Pod => ({
  ...{ id, job: id.slice(0, -2), name: 'w', node: place.node.name, foreign: false },
  status: { phase: 'running', reason: null, exitCode: null, startedAt: Date.now(), endedAt: null },
  ...more,
});

/** A place that tells of some runs, and remembers which were ended. */
function placeOf(pods: readonly Pod[], more: Partial<Runner> = {}): { runner: Runner; stopped: string[] } {
  const stopped: string[] = [];
  const runner: Runner = {
    nodes: () => [place.node],
    start: () => Promise.reject(new Error('nobody starts anything here')),
    watch: async () => {},
    logs: async () => {},
    list: async () => pods,
    stop: async ({ id }) => {
      stopped.push(id);
      return { result: 'stopped' };
    },
    close: async () => {},
    ...more,
  };
  return { runner, stopped };
}

test('only what the record is done with is ended: in every phase, ours and foreign, of this machine and others', async () => {
  const over = await process.schedule({});
  await process.reach(over, 'running');
  place.end(nameRun(over, 1), 'succeeded');
  await process.reach(over, 'succeeded');
  const live = await process.schedule({});
  await process.reach(live, 'running');
  const tables = (await shelf.open()).tables<WorkloadTables>();
  for (const [id, ended] of [
    [over, true],
    [live, false],
    ['unknown', false],
  ] as const)
    for (const foreign of [false, true])
      for (const phase of ['pending', 'running', 'succeeded', 'failed', 'lost', 'evicted'] as const)
        for (const home of [null, 'here', 'elsewhere']) {
          await tables.updateTable('workload_runs').set({ home }).where('job', '=', over).execute();
          const pod = stray(nameRun(id, 1), { foreign });
          const { runner, stopped } = placeOf([{ ...pod, status: { ...pod.status, phase } }]);
          const expected =
            ended && !foreign && home !== 'elsewhere' && (phase === 'pending' || phase === 'running') ? [nameRun(id, 1)] : [];
          expect(await endStrays(tables, new Places([runner]), 'here'), `${id} ${phase} ${foreign} ${home}`).toBe(expected.length);
          expect(stopped).toEqual(expected);
        }
});

test('more than one statement can name are all found', async () => {
  const over = await process.schedule({});
  await process.reach(over, 'running');
  place.end(nameRun(over, 1), 'succeeded');
  await process.reach(over, 'succeeded');
  const tables = (await shelf.open()).tables<WorkloadTables>();
  const others = Array.from({ length: 1_200 }, (_, row) => stray(`other${row}-1`));
  const { runner, stopped } = placeOf([...others, stray(nameRun(over, 1))]);
  expect(await endStrays(tables, new Places([runner]), 'here')).toBe(1);
  expect(stopped).toEqual([nameRun(over, 1)]);
});

test('a place that never answers, or fails, keeps nobody from the others; what could not be ended is not counted', async () => {
  const over = await process.schedule({});
  await process.reach(over, 'running');
  place.end(nameRun(over, 1), 'succeeded');
  await process.reach(over, 'succeeded');
  const tables = (await shelf.open()).tables<WorkloadTables>();
  const pods = [stray(nameRun(over, 1))];
  const silent = placeOf([], { list: () => new Promise(() => {}) });
  const failing = placeOf([], { list: () => Promise.reject(new Error('away')) });
  const stubborn = placeOf(pods, { stop: () => Promise.reject(new Error('away')) });
  const good = placeOf(pods);
  const places = new Places([silent, failing, stubborn, good].map(({ runner }) => runner));
  expect(await endStrays(tables, places, 'here')).toBe(1);
  expect(good.stopped).toEqual([nameRun(over, 1)]);
});
