// Links this package's own commands into node_modules/.bin, which npm does for dependencies only: `npx policyc` then works
// anywhere inside a checkout. Runs as npm's `dependencies`, after `npm ci` in a checkout and nowhere else (a `prepare` is something that whoever
// installs the package is warned of), so plain JavaScript that any Node from 18 on reads.
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bins = { policyc: join(root, 'compiler', 'cli', 'bin.js'), policyd: join(root, 'runtime', 'bin.js') };
const folder = join(root, 'node_modules', '.bin');

// Installed as a dependency, npm links the commands itself, and there is no folder of ours.
if (existsSync(join(root, 'node_modules'))) {
  mkdirSync(folder, { recursive: true });
  for (const [name, bin] of Object.entries(bins)) link(name, bin);
}

function link(name, bin) {
  const place = join(folder, name);
  if (lstatSync(place, { throwIfNoEntry: false })) rmSync(place);
  if (process.platform === 'win32') {
    writeFileSync(`${place}.cmd`, `@node "%~dp0\\${relative(folder, bin)}" %*\r\n`);
  } else {
    chmodSync(bin, 0o755);
    symlinkSync(relative(folder, bin), place);
  }
}
