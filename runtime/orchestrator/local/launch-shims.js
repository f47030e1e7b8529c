// Starts shims for policyd, and tells how they ended: a process is copied when it starts another, which would stop a large one for a tenth of
// a second. Lines of JSON both ways: `{id, folder, bury}` on standard input; `{id, started: true}`, `{id, error}` and `{id, code}` (it has ended) on
// standard output. Ends with its input; what it started goes on.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SHIM = fileURLToPath(new URL('./shim.js', import.meta.url));
/** A shim needs next to nothing. */
const SMALL = ['--max-old-space-size=64', '--max-semi-space-size=1'];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdout.on('error', () => process.exit());

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, folder, bury } = JSON.parse(line);
    try {
      start(id, folder, bury ? ['bury'] : []);
    } catch (error) {
      say({ id, error: error.message });
    }
  })
  .on('close', () => process.exit());

function start(id, folder, more) {
  const words = openSync(join(folder, 'state', 'shim.log'), 'a', 0o600);
  const child = spawn(process.execPath, [...SMALL, SHIM, folder, ...more], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', words, words],
  });
  closeSync(words);
  child.on('spawn', () => say({ id, started: true }));
  child.on('error', (error) => say({ id, error: error.message }));
  child.on('exit', (code) => say({ id, code: code ?? -1 }));
}

function say(word) {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}
