import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { understand } from '../../compiler/understand.ts';
import { PLACEMENT_FILTERS } from '../../schema/workload.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = 'docs/workloads.md';
const BACKENDS = 'backends: { box: { type: ollama, models: { small: {} } } }\n';

test('the policy on the page is without findings, and means what the shipped one means', () => {
  const [block] = readBlocks(PAGE).filter(({ language }) => language === 'yaml');
  const { set, diagnostics } = understand([
    { file: 'policies/backends.yaml', text: BACKENDS },
    { file: 'policies/workloads.yaml', text: block!.text },
  ]);
  expect(diagnostics).toEqual([]);
  expect(set!.workloads).toMatchObject({
    quotas: [
      { quota: 'jobs_per_token', limit: 20 },
      { quota: 'cpu', limit: 8_000 },
      { quota: 'memory', limit: 16 * 2 ** 30 },
    ],
    protected: [{ glob: 'kube-*' }, { glob: 'policyc-*' }],
    prefer: 'local',
    restrictedLabels: [{ label: 'zone', value: 'restricted' }],
  });
});

test('every filter stands on the page, in the order in which they are told', () => {
  const rows = readFileSync(join(ROOT, PAGE), 'utf8').split('\n');
  const told = rows
    .filter((row) => /^\| `[a-z]+`(, `[a-z]+`)* \|/.test(row))
    .flatMap((row) => [...row.split('|')[1]!.matchAll(/`([a-z]+)`/g)]);
  expect(told.map(([, name]) => name).filter((name) => PLACEMENT_FILTERS.includes(name as never))).toEqual([...PLACEMENT_FILTERS]);
});

test('the commands on the page do what it says', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'policyc-workloads-'));
  try {
    cpSync(join(ROOT, 'policies'), join(folder, 'policies'), { recursive: true });
    const shell = new Shell(folder, { PATH: `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}` });
    expect(await runPage(PAGE, shell, (text) => text)).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
