import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DROP_REASONS } from '../../runtime/decisions/decision-log.ts';
import { findFreePort } from './find-free-port.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;

let folder: string;
let shell: Shell;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-rollout-'));
  shell = new Shell(folder, { PATH });
});
afterEach(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a line is changed, explained, refused by a test, mended, rolled out and rolled back, as the page says', {
  timeout: 300_000,
}, async () => {
  const port = await findFreePort();
  expect(await runPage('docs/rollout.md', shell, (text) => text.replaceAll('18766', port))).toBe(5);
});

test('the page names every reason for a lost line', () => {
  const page = readFileSync(join(ROOT, 'docs/rollout.md'), 'utf8');
  expect(DROP_REASONS.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
