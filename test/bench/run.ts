/**
 * Runs every bench of this folder, each in a process of its own so that none pays for another's garbage, and prints Markdown. A bench
 * exports `bench = { name, run(): Promise<Table> }`; a file without it prints for itself. `node test/bench/run.ts [name…]`
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine } from '../../compiler/bench/report.ts';
import { formatMarkdown } from '../../compiler/bench/table.ts';

const [first, ...rest] = process.argv.slice(2);
if (first === '--one') {
  const { bench } = await import(`./${rest[0]}.ts`);
  if (bench) console.log(formatMarkdown(await bench.run()));
} else {
  const own = fileURLToPath(import.meta.url);
  const names = readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''));
  const asked = first === undefined ? names.filter((name) => name !== 'run') : [first, ...rest];
  const unknown = asked.filter((name) => name === 'run' || !names.includes(name));
  if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(', ')}`);
  console.log(`${describeMachine()}, ${new Date().toISOString().slice(0, 10)}\n`);
  let failed = false;
  for (const name of asked) {
    console.log(`## ${name}\n`);
    failed = spawnSync(process.execPath, [own, '--one', name], { stdio: 'inherit' }).status !== 0 || failed;
  }
  process.exitCode = failed ? 1 : 0;
}
