/**
 * The soak: requests of every kind, callers that leave, servers that fail, swaps, tasks, workloads, people who watch; then its laws.
 * Markdown; exit code 1 where a law is broken. `node test/soak/main.ts [--minutes 20] [--requests 1000000] [--seed 7]`
 */
import { parseArgs } from 'node:util';
import { describeMachine } from '../../compiler/bench/report.ts';
import { findBrokenLaws } from './find-broken-laws.ts';
import { runSoak } from './run-soak.ts';
import { writeReport } from './write-report.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    requests: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '7' },
  },
});
const [minutes, requests, seed] = [Number(values.minutes), Number(values.requests), Number(values.seed)];
if (!(minutes > 0 && requests > 0 && Number.isInteger(seed))) {
  console.error('error: `--minutes` and `--requests` are numbers above 0, `--seed` is a whole number');
  process.exit(2);
}
// What it started ends with it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(130));
console.log(`${describeMachine()}, ${new Date().toISOString().slice(0, 10)}: ${requests} requests in ${minutes} minutes, seed ${seed}\n`);
const report = await runSoak({
  minutes,
  requests,
  seed,
  onProgress: ({ ms, requests: done, wrong, held }) => {
    const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
    const line = `${(ms / 60_000).toFixed(1)} min  ${done} requests  ${wrong} wrong  heap ${mib(held.heap)} MiB  RSS ${mib(held.rss)} MiB`;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  },
});
if (process.stderr.isTTY) process.stderr.write('\n');
console.log(writeReport(report));
const broken = findBrokenLaws(report);
console.log(broken.length === 0 ? '\nEvery law held.' : `\n${broken.map((law) => `- BROKEN: ${law}`).join('\n')}`);
process.exit(broken.length === 0 ? 0 : 1);
