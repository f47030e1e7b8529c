import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunnerError } from '../../../../runtime/orchestrator/runner.ts';
import type { JobBatch } from '../../../../runtime/jobs/batch.ts';
import { DirectDelivery } from '../../../../runtime/jobs/direct-delivery.ts';
import { StoreEngine } from '../../../../runtime/jobs/store-engine.ts';
import { beginRun, closeRun, noteRun } from '../../../../runtime/orchestrator/workloads/change-run.ts';
import { endWorkload } from '../../../../runtime/orchestrator/workloads/end-workload.ts';
import type { JobTables } from '../../../../runtime/jobs/tables.ts';
import { until } from '../../../e2e/policyd.ts';
import { SHELVES, type Shelf } from '../../../exams/store/stores.ts';
import { ALL, openProcess, type Process } from './bench.ts';
import { ScriptedPlace } from './scripted-place.ts';

/** One workload from its acceptance to its end, at places that fail in every way. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

for (const name of ['sqlite', 'postgres'] as const) {
  const make = SHELVES[name];
  describe.skipIf(make === null)(`over ${name}`, () => {
    let shelf: Shelf;
    let place: ScriptedPlace;
    let open: Process[];
    beforeEach(async () => {
      shelf = await make!();
      place = new ScriptedPlace();
      open = [];
    });
    afterEach(async () => {
      for (const process of open) await process.close();
      await shelf.remove();
    });
    const start = async (options: Parameters<typeof openProcess>[2] = {}): Promise<Process> => {
      const process = await openProcess(shelf, [place], options);
      open.push(process);
      return process;
    };
    const leave = async (process: Process): Promise<void> => {
      open.splice(open.indexOf(process), 1);
      await process.close();
    };
    const begun = (count: number): Promise<unknown> => until(() => place.begun.length >= count, `${count} runs`, 30_000);

    test('a start that fails for a while is tried again, under the same name; an answer that was lost makes no second run', async () => {
      const process = await start();
      place.refusals.push(new RunnerError('busy', false, 'not now'), new RunnerError('busy', false, 'not now'));
      place.loseAnswers = 1;
      place.ends = 'succeeded';
      const id = await process.schedule({});
      await process.reach(id, 'succeeded');
      expect(place.begun).toEqual([`${id}-1`]);
    });

    test('what a place refuses for good fails with its words', async () => {
      const process = await start();
      place.refusals.push(new RunnerError('forbidden', true, 'no such image'));
      const id = await process.schedule({ retries: 5 });
      expect((await process.reach(id, 'failed')).workload).toMatchObject({ reason: 'no such image', attempt: 1, held: 0 });
      expect(await until(async () => (await process.told(id, 'error'))[0], 'its last frame')).toMatchObject({
        status: 'failed',
        reason: 'no such image',
      });
      expect(place.begun).toEqual([]);
    });

    test('runs that are lost, or evicted by their place, are replaced three times; then they count as attempts', async () => {
      const process = await start();
      const id = await process.schedule({ retries: 1 });
      for (const [row, phase] of (['lost', 'evicted', 'lost', 'lost'] as const).entries()) {
        await begun(row + 1);
        await process.reach(id, 'running');
        place.end(`${id}-${row + 1}`, phase);
      }
      await begun(5);
      place.end(`${id}-5`, 'lost');
      expect((await process.reach(id, 'failed')).workload).toMatchObject({
        attempt: 5,
        losses: 4,
        failures: 0,
        reason: expect.stringContaining('lost'),
      });
      expect(place.begun).toEqual([1, 2, 3, 4, 5].map((attempt) => `${id}-${attempt}`));
    });

    test('a run that failed is tried again as often as was asked, and succeeds in the end', async () => {
      const process = await start();
      const id = await process.schedule({ retries: 2 });
      for (const row of [1, 2]) {
        await begun(row);
        place.end(`${id}-${row}`, 'failed');
      }
      await begun(3);
      place.end(`${id}-3`, 'succeeded');
      expect((await process.reach(id, 'succeeded')).workload).toMatchObject({ attempt: 3, failures: 2, exit_code: 0 });
      expect((await process.workloads.past(id)).runs.map(({ phase }) => phase)).toEqual(['failed', 'failed', 'succeeded']);
    });

    test('an eviction that the place refuses leaves it running; one that it allows ends it, and is not replaced', async () => {
      const process = await start();
      const id = await process.schedule({ retries: 3 });
      await process.reach(id, 'running');
      place.budget = 'PodDisruptionBudget one allows none';
      await expect(process.workloads.evictPod(ALL, `${id}-1`, 'room')).rejects.toMatchObject({
        status: 429,
        code: 'disruption_budget',
        retryAfter: 10,
        reasons: [{ code: 'disruption_budget', detail: place.budget }],
      });
      expect((await process.reach(id, 'running')).workload.stop).toBeNull();
      place.budget = null;
      expect(await process.workloads.evictPod(ALL, `${id}-1`, 'room')).toEqual({ job: id, result: 'stopped' });
      expect((await process.reach(id, 'evicted')).workload).toMatchObject({ reason: 'room', attempt: 1, held: 0 });
      expect(place.begun).toHaveLength(1);
    });

    test('a time limit ends the run and fails it', async () => {
      const process = await start();
      const id = await process.schedule({ timeout: '1s' });
      expect((await process.reach(id, 'failed')).workload.reason).toMatch(/^timeout/);
      expect(place.stops).toEqual([{ id: `${id}-1`, evict: false, reason: 'timeout' }]);
    });

    test('who takes over goes on with the same run, and its output is in the stream once, byte for byte', async () => {
      const first = await start();
      const id = await first.schedule({});
      await first.reach(id, 'running');
      const text = 'äöü €uro 🦊 '.repeat(200);
      place.write(`${id}-1`, Buffer.from(text));
      await until(async () => (await first.told(id, 'log')).length > 0, 'output', 30_000);
      await leave(first);
      place.write(`${id}-1`, Buffer.from(text));
      const second = await start();
      await until(async () => (await second.told(id, 'log')).length > 1, 'more output', 30_000);
      place.end(`${id}-1`, 'succeeded');
      await second.reach(id, 'succeeded');
      await until(async () => (await second.told(id, 'result')).length > 0, 'its last frame', 30_000);
      const pieces = (await second.told(id, 'log')) as { from: number; bytes: number; text: string }[];
      let at = 0;
      for (const { from, bytes } of pieces) {
        expect(from).toBe(at);
        at += bytes;
      }
      expect(pieces.map(({ text: piece }) => piece).join('')).toBe(`output of ${id}-1\n${text}${text}`);
      expect(place.begun).toHaveLength(1);
    });

    test('a controller that was given up is replaced, and its late words count for nothing', async () => {
      const [first, second] = [await start(), await start()];
      const id = await first.schedule({});
      await first.reach(id, 'running');
      const store = await shelf.open();
      await store.tables<JobTables>().deleteFrom('job_holders').execute();
      await store.close();
      const events = async () => (await second.workloads.past(id)).history.map(({ event }) => event).filter((event) => event !== 'queued');
      await until(async () => (await events()).length === 3, 'somebody to take over', 60_000);
      const late = await shelf.open();
      const engine = new StoreEngine({ store: late, delivery: new DirectDelivery(), sweeps: false });
      const lease = { id, token: 1 };
      const status = { phase: 'failed', reason: 'late', exitCode: 1, startedAt: null, endedAt: null } as const;
      for (const word of [
        (batch: JobBatch) => noteRun(batch, lease, 1, { ...status, phase: 'pending' }),
        (batch: JobBatch) => closeRun(batch, lease, 1, status, 'workload'),
        (batch: JobBatch) => beginRun(batch, lease, 2, { node: 'n', kind: 'local', score: 1, scores: {}, excluded: [] }, null),
        (batch: JobBatch) => endWorkload(batch, lease, { status: 'failed', reason: 'late', exitCode: 1 }, { attempt: 1, status }),
      ]) {
        expect(await engine.run(word)).toBe(false);
      }
      await engine.close('nobody');
      place.end(`${id}-1`, 'succeeded');
      expect((await second.reach(id, 'succeeded')).workload).toMatchObject({ attempt: 1 });
      expect(await events()).toEqual(['assigned', 'expired', 'assigned', 'completed']);
      expect(place.begun).toHaveLength(1);
    });

    test('a run of a machine that is gone stays with its machine; after its time it counts as lost', async () => {
      place = new ScriptedPlace({ name: 'local', kind: 'local' });
      const first = await start();
      const id = await first.schedule({});
      await first.reach(id, 'running');
      await leave(first);
      const second = await start();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect((await second.workloads.find(ALL, id))!.workload).toMatchObject({ attempt: 1, status: 'running' });
      expect(second.workloads.size).toBe(0);
      expect(await second.workloads.giveUpHomes(0)).toBe(1);
      await second.reach(id, 'running', 'scheduled');
      await begun(2);
      // Its machine is back: what still runs there is ended.
      expect(place.begun).toEqual([`${id}-1`, `${id}-2`]);
    });

    test('two hundred requests at two processes never hold more than their quota', async () => {
      place.node = { ...place.node, total: { cpuMillis: 1_000_000, memoryBytes: 2 ** 46, gpus: 0 } };
      const quotas = [{ quota: 'jobs_per_token', limit: 5, place: { file: 'p', line: 1, column: 1 } }] as const;
      const pair = [await start({ policy: { quotas } }), await start({ policy: { quotas } })];
      const answers = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => pair[i % 2].schedule({}, `caller-${i % 4}`)));
      const accepted = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      expect(accepted).toHaveLength(20);
      for (const answer of answers)
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ status: 409, code: 'quota_exceeded' });
      for (const id of accepted) await pair[0].reach(id, 'running');
      place.end(null, 'succeeded');
      for (const id of accepted) await pair[1].reach(id, 'succeeded');
      await pair[0].schedule({}, 'caller-0');
      await begun(21);
      expect(new Set(place.begun).size).toBe(21);
    });
  });
}
