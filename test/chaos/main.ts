/**
 * The long versions of what the tests run for seconds, as Markdown; exit code 1 where anything is wrong.
 * `node test/chaos/main.ts [chaos|abuse] [seconds] [seed]`
 */
import { describeMachine } from '../../compiler/bench/report.ts';
import { CALM } from './chaotic-upstream.ts';
import { FULL, runAbuse } from './run-abuse.ts';
import { runChaos } from './run-chaos.ts';

const [what, seconds = '120', seed = '7'] = process.argv.slice(2);
console.log(`${describeMachine()}, ${new Date().toISOString().slice(0, 10)}\n`);
let wrong = 0;
if (what !== 'abuse') wrong += await reportChaos();
if (what !== 'chaos') wrong += await reportAbuse();
process.exitCode = wrong > 0 ? 1 : 0;

async function reportChaos(): Promise<number> {
  const report = await runChaos({ seconds: Number(seconds), callers: 500, seed: Number(seed) });
  const row = (name: string, value: string | number): void => console.log(`| ${name} | ${value} |`);
  console.log(`### ${seconds} s, 500 callers at once, seed ${seed}\n\n| | |\n|---|---:|`);
  row('requests', report.requests);
  for (const [end, count] of [...report.ends].sort((one, other) => other[1] - one[1])) row(end, count);
  row(
    'failed attempts at the backends',
    [...report.faults].reduce((sum, [name, count]) => sum + ((CALM as readonly string[]).includes(name) ? 0 : count), 0),
  );
  row('slowest request, ms', `${Math.round(report.slowestMs)} of ${report.deadlineMs}`);
  row('all targets well again after the last fault, ms', Math.round(report.healedMs));
  row('heap after collection, growth', formatKiB(report.heapGrowth));
  row('peak memory of the process', `${Math.round(report.peakMemory / 2 ** 20)} MiB`);
  console.log('');
  for (const line of report.wrong) console.log(`- ${line}`);
  if (report.leftOver !== '') console.log(`- left over: ${report.leftOver}`);
  const late = report.slowestMs > report.deadlineMs || report.heapGrowth > 8 << 20;
  return report.wrong.length + (report.leftOver === '' ? 0 : 1) + (late ? 1 : 0);
}

async function reportAbuse(): Promise<number> {
  const report = await runAbuse(FULL);
  console.log('### Abuse\n\n| what | how many | answers | heap growth | s |\n|---|---:|---|---:|---:|');
  for (const { what: name, count, answers, heapGrowth, seconds: took } of report.rows) {
    console.log(`| ${name} | ${count.toLocaleString('en-US')} | ${answers} | ${formatKiB(heapGrowth)} | ${took.toFixed(1)} |`);
  }
  console.log(`\nPeak memory of the process: ${Math.round(report.peakMemory / 2 ** 20)} MiB.\n`);
  for (const line of report.wrong) console.log(`- ${line}`);
  return report.wrong.length;
}

function formatKiB(bytes: number): string {
  return `${Math.round(bytes / 1024).toLocaleString('en-US')} KiB`;
}
