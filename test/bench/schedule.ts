/**
 * The schedule path of a real policyd: how soon a workload is on the disk and answered, and how soon its run is at its place. On this machine
 * that includes starting a shim and the program, so that our own part stands beside it. Throws where the path takes longer than it may.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Table } from '../../compiler/bench/table.ts';
import { compileText, Policyd, writeArtifact } from '../e2e/policyd.ts';
import { callerOf, policyOf } from '../e2e/orchestrator/workloads-api.ts';

const COUNT = Number(process.env.SCHEDULES ?? 200);
const BURST = 32;
/** ms, 99th percentile, from the request to the run at its place (requirement C14). */
const BOUND = 500;
const WORKLOAD = { name: 'bench', command: ['/bin/true'], resources: { cpu: 0.01, memory: '4MiB' } };

export const bench = {
  name: 'schedule',
  async run(): Promise<Table> {
    const home = mkdtempSync(join(tmpdir(), 'policyd-bench-'));
    writeArtifact(join(home, 'generated'), await compileText(policyOf()));
    const policyd = await Policyd.run(home, join(home, 'generated'), { args: ['--log-level', 'error'] });
    try {
      const caller = callerOf(() => policyd);
      const one = async (): Promise<{ answer: number; id: string }> => {
        const sent = performance.now();
        const { status, body } = await caller.schedule(WORKLOAD);
        if (status !== 202) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
        return { answer: performance.now() - sent, id: body.job_id };
      };
      for (let i = 0; i < 10; i++) await caller.end((await one()).id);
      const steady: number[] = [];
      const starts: number[] = [];
      for (let i = 0; i < COUNT; i++) {
        const { answer, id } = await one();
        steady.push(answer);
        const { created_at, started_at } = await caller.end(id);
        if (started_at === null) throw new Error(`job ${id} never started`);
        starts.push(Date.parse(started_at) - Date.parse(created_at));
      }
      const burst = await Promise.all(Array.from({ length: BURST }, one));
      for (const { id } of burst) await caller.end(id);
      const rank = (values: readonly number[], share: number): number =>
        values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
      const at = (values: readonly number[], share: number): string => rank(values, share).toFixed(1);
      const late = rank(starts, 0.99);
      if (!(late <= BOUND)) throw new Error(`the 99th percentile from request to run is ${late} ms, which may be ${BOUND}`);
      return {
        title: `schedule path, ms, ${COUNT} workloads one after the other`,
        columns: ['', 'ms', 'bound'],
        rows: [
          ['request to 202: on the disk, its stream begun, p50', at(steady, 0.5), ''],
          ['the same, p99', at(steady, 0.99), ''],
          ['request to the run at its place (shim and program started), p50', at(starts, 0.5), ''],
          ['the same, p99', late.toFixed(1), `≤ ${BOUND}`],
          ['the same, the slowest', at(starts, 0.999), ''],
          [
            `${BURST} requests at once: to 202, p50`,
            at(
              burst.map(({ answer }) => answer),
              0.5,
            ),
            '',
          ],
          [
            'the same, the last',
            at(
              burst.map(({ answer }) => answer),
              0.999,
            ),
            '',
          ],
        ],
        notes: [
          'Times to the run are those of each job: from its `created_at` to the `started_at` that its shim wrote down, to the millisecond.',
        ],
      };
    } finally {
      await policyd.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};
