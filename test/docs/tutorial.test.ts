import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installPacked } from '../package/install-packed.ts';
import { pack } from '../package/pack.ts';
import { findFreePort } from './find-free-port.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

/** What the page promises: a machine must be through with the commands in this time, so that the rest is for reading. */
const TEN_MINUTES = 600_000;

let archive: string;
let folder: string;
let shell: Shell;
beforeAll(() => {
  archive = pack();
  folder = mkdtempSync(join(tmpdir(), 'policyc-tutorial-'));
  // The commands are those of the package, or there are none.
  shell = new Shell(folder, { PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, npm_config_offline: 'true' });
}, 300_000);
afterAll(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(dirname(archive), { recursive: true, force: true });
});

test('the tutorial leads from an empty folder to a policy that is swapped in, in ten minutes', { timeout: 2 * TEN_MINUTES }, async () => {
  const ports: Record<string, string> = {};
  for (const port of ['8080', '9101', '9102']) ports[port] = await findFreePort();
  const adapt = (text: string): string => text.replace(/\b(8080|9101|9102)\b/g, (port) => ports[port]);
  const begun = Date.now();
  installPacked(archive, folder);
  expect(await runPage('docs/tutorial.md', shell, adapt)).toBe(13);
  const took = Date.now() - begun;
  console.log(`the commands of the tutorial took ${Math.round(took / 1000)} s`);
  expect(took).toBeLessThan(TEN_MINUTES);
});
