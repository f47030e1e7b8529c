import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFreshCopy } from '../docs/fresh-copy.ts';

/** Packs a fresh copy of this checkout as `npm publish` would: nothing that lies about here comes in. @returns the archive, in a folder of its own. */
export function pack(): string {
  const copy = makeFreshCopy();
  const folder = mkdtempSync(join(tmpdir(), 'policyc-packed-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: copy, stdio: ['ignore', 'pipe', 'inherit'] });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const [archive] = readdirSync(folder);
  return join(folder, archive);
}
