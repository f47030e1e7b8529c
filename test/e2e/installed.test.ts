import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = ['compiler', 'runtime', 'schema', 'package.json'];

let project: string;
let installed: string;

/** A project in which this package stands below `node_modules`, where Node itself runs no TypeScript. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'policyc-installed-'));
  installed = join(project, 'node_modules', 'policyc');
  mkdirSync(installed, { recursive: true });
  for (const room of ROOMS) cpSync(join(ROOT, room), join(installed, room), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
  }
  cpSync(join(ROOT, 'policies'), join(project, 'policies'), { recursive: true });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const run = (bin: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(installed, bin), ...args], { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

test('policyc and policyd run as an installed package', () => {
  expect(run('compiler/cli/bin.js', 'check', 'policies')).toContain('no findings');
  expect(run('compiler/cli/bin.js', 'compile', 'policies', '--out', 'generated')).toContain('0 branches');
  expect(run('runtime/bin.js', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
});
