#!/usr/bin/env node
// Starts policyd on a Node that can: in a checkout TypeScript is run directly, which needs 22.19. An older Node hands over to the
// pinned one that `npm ci` brings there. Plain JavaScript that any Node from 18 on reads.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 19)) await start();
else handOver();

async function start() {
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
}

function handOver() {
  const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(pinned)) {
    process.stderr.write(
      `error: policyd needs Node 22.19 or newer, this is ${process.versions.node}\nhelp: install a newer Node; in a checkout \`npm ci\` brings one\n`,
    );
    process.exit(2);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (cause) => {
    process.stderr.write(`error: ${pinned} cannot be started: ${cause.message}\nhelp: run \`npm ci\` again\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 3);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
