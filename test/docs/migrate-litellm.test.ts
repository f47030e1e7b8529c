import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;

const folder = mkdtempSync(join(tmpdir(), 'policyc-migrate-'));
const shell = new Shell(folder, { PATH });
afterAll(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('docs/migrate-litellm.md: the configuration becomes the policy that it shows', { timeout: 180_000 }, async () => {
  expect(await runPage('docs/migrate-litellm.md', shell, (text) => text.replaceAll('npx policyc', 'policyc'))).toBe(2);
});
