import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WORKLOAD_STATUSES } from '../../runtime/orchestrator/workloads/workload-status.ts';
import { WorkloadShape } from '../../runtime/http/orchestrator/workload-shape.ts';
import { findFreePort } from './find-free-port.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;
const PAGE = 'docs/orchestrator.md';
const text = readFileSync(join(ROOT, PAGE), 'utf8');

let folder: string;
let shell: Shell;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-orchestrator-'));
  shell = new Shell(folder, { PATH });
});
afterEach(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a workload is scheduled, listed and refused, as the page says', { timeout: 300_000 }, async () => {
  const port = await findFreePort();
  expect(await runPage(PAGE, shell, (words) => words.replaceAll('18768', port))).toBe(3);
});

test('it names every member of a request, every state and every metric', () => {
  const rows = [...text.matchAll(/^\| (`[a-z_`, ]+`) \|/gm)].flatMap(([, names]) =>
    [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
  );
  for (const member of Object.keys(WorkloadShape.properties)) expect(rows, member).toContain(member);
  for (const status of WORKLOAD_STATUSES) expect(text).toContain(`\`${status}\``);
  const meter = readFileSync(join(ROOT, 'runtime/orchestrator/workloads/workload-meter.ts'), 'utf8');
  const named = [...text.matchAll(/`(policyd_workload_\w+)`/g)].map(([, name]) => name).sort();
  expect(named).toEqual([...meter.matchAll(/'(policyd_workload_\w+)'/g)].map(([, name]) => name).sort());
});
