/**
 * A process that starts runs one after another, for exams that kill it. On standard output, a line for each: `started <id>` when a start was
 * durable, `idle` when all were. `node holder.ts <order as JSON>`
 */
import { writeSync } from 'node:fs';
import { LocalRunner, type LocalRunnerOptions } from '../../../runtime/orchestrator/local/local-runner.ts';
import type { RunRequest } from '../../../runtime/orchestrator/runner.ts';

export interface HolderOrder {
  readonly options: Pick<LocalRunnerOptions, 'folder' | 'confinement' | 'logLimit' | 'retention'>;
  readonly runs: readonly RunRequest[];
}

const { options, runs } = JSON.parse(process.argv[2]) as HolderOrder;
const runner = await LocalRunner.open({
  ...options,
  offer: () => ({ total: { cpuMillis: 0, memoryBytes: 0, gpus: 0 }, labels: {}, load: 0, freeMemoryBytes: 0 }),
  report: () => {},
});
writeSync(1, 'ready\n');
await Promise.all(
  runs.map(async (run) => {
    await runner.start(run);
    writeSync(1, `started ${run.id}\n`);
  }),
);
writeSync(1, 'idle\n');
setInterval(() => {}, 60_000);
