import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A folder with the files that git tracks here or would, as after a clone and `npm ci`: packages are links to those of this checkout, the
 * commands those of the copy. The caller removes it.
 */
export function makeFreshCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'policyc-copy-'));
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).split('\0');
  for (const file of tracked.filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  linkPackages(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  execFileSync(process.execPath, ['compiler/cli/link-bins.js'], { cwd: copy });
  return copy;
}

function linkPackages(from: string, to: string): void {
  mkdirSync(join(to, '.bin'), { recursive: true });
  for (const name of readdirSync(from)) if (!name.startsWith('.')) symlinkSync(join(from, name), join(to, name));
  // Relative, so that they lead through the copy.
  for (const name of readdirSync(join(from, '.bin'))) {
    const link = join(from, '.bin', name);
    if (lstatSync(link).isSymbolicLink()) symlinkSync(readlinkSync(link), join(to, '.bin', name));
  }
}
