import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlacementExplanation } from '../../../compiler/cli/explain-placement.ts';
import { main } from '../../../compiler/cli/main.ts';
import { LOCAL } from '../front/understand-text.ts';

const POLICY = `${LOCAL}workloads:
  quotas: { memory: 4GiB }
  protected: ["nightly-*"]
  placement:
    restricted_labels: { zone: restricted }
`;
const WORKLOAD = { name: 'nightly-index', command: ['index'], resources: { cpu: '500m', memory: '1GiB' }, env: { TOKEN: 'x' } };
const NODES = [
  { name: 'local', total: { cpu: 8, memory: '16GiB' }, load: 0.5 },
  { name: 'kubernetes/a', total: { cpu: 8, memory: '16GiB' } },
  { name: 'den/local', labels: { zone: 'restricted' }, total: { cpuMillis: 8000, memoryBytes: 2 ** 34, gpus: 0 } },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-placement-'));
  mkdirSync(join(folder, 'policies'));
  writeFileSync(join(folder, 'policies/policy.yaml'), POLICY);
  write('workload', WORKLOAD);
  write('nodes', NODES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, value: unknown): void => writeFileSync(join(folder, `${name}.json`), JSON.stringify(value));

async function explain(args: readonly string[], input = '') {
  const written = { out: '', err: '' };
  const code = await main(['explain', ...args], {
    cwd: folder,
    env: {},
    stdin: Readable.from([input]),
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}
const both = ['--workload', 'workload.json', '--nodes', 'nodes.json'];

test('it says where a workload goes and why nowhere else', async () => {
  const { code, out, err } = await explain(both);
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe(`place on local

  workload   nightly-index, never evicted
  privacy    unrestricted
  needs      0.5 cores, 1 GiB
  runs as    process

  local         local       score 2469  chosen
  kubernetes/a  kubernetes  excluded
    − it runs as process, the node takes container [form]
  den/local     peer        score 938
`);
});

test('a restricted one is kept in, with the line of the policy; none at all is said first', async () => {
  write('restricted', { ...WORKLOAD, privacy: 'restricted', resources: { cpu: 9, memory: '5GiB' } });
  const { code, out } = await explain(['--workload', 'restricted.json', '--nodes', 'nodes.json']);
  expect(code).toBe(0);
  expect(out).toBe(`nowhere: no node can take it

  workload   nightly-index, never evicted
  privacy    restricted
  needs      9 cores, 5 GiB
  runs as    process

  local         local       excluded
    − a restricted workload needs \`zone: restricted\`, the node has no \`zone\` [privacy]  policies/policy.yaml:9
    − needs 9 cores, it has 8 cores [cpu]
  kubernetes/a  kubernetes  excluded
    − a restricted workload needs \`zone: restricted\`, the node has no \`zone\` [privacy]  policies/policy.yaml:9
    − it runs as process, the node takes container [form]
    − needs 9 cores, it has 8 cores [cpu]
  den/local     peer        excluded
    − needs 9 cores, it has 8 cores [cpu]

  refused, whatever its caller holds
    − asks for 5 GiB, the quota is 4 GiB [memory]  policies/policy.yaml:6
`);
});

test('as JSON, with a workload from standard input', async () => {
  const { out } = await explain(
    ['--workload', '-', '--nodes', 'nodes.json', '--format', 'json'],
    JSON.stringify({ ...WORKLOAD, privacy: 'restricted' }),
  );
  const told = JSON.parse(out) as PlacementExplanation;
  expect(told.workload).toEqual({
    name: 'nightly-index',
    protected: true,
    intent: { privacy: 'restricted', needs: { cpuMillis: 500, memoryBytes: 2 ** 30, gpus: 0 }, labels: {}, forms: ['process'] },
  });
  expect([told.chosen, told.refused]).toEqual(['den/local', []]);
  expect(told.nodes.map(({ node, kind, score, excluded }) => [node, kind, score > 0, excluded.map(({ filter }) => filter)])).toEqual([
    ['local', 'local', false, ['privacy']],
    ['kubernetes/a', 'kubernetes', false, ['privacy', 'form']],
    ['den/local', 'peer', true, []],
  ]);
  expect(told.nodes[0]!.excluded[0]!.place).toEqual({ file: 'policies/policy.yaml', line: 9, column: 26 });
});

test('what is wrong with the files is told all at once, with the remedy', async () => {
  const faulty = { nam: 'X', resources: { cpu: 'x', memory: '1Q', gpus: 1 }, privacy: 'secret', node_labels: { a: 1 }, env: 1 };
  const workload = await explain(['--workload', '-', '--nodes', 'nodes.json'], JSON.stringify(faulty));
  expect(workload.code).toBe(2);
  for (const word of [
    '`name` is missing',
    '`resources.cpu` is `"x"`',
    '`resources.memory`',
    'did you mean `gpu`',
    '`privacy`',
    '`node_labels`',
    'did you mean `name`',
    'neither `image` nor `command`',
  ])
    expect(workload.err).toContain(word);
  write('odd', [{ name: 'a' }, { name: 'a', kind: 'moon', load: 3, reachable: 'yes', forms: ['pod'], free: { cpuMillis: 0.5 } }, 5]);
  const nodes = await explain(['--workload', 'workload.json', '--nodes', 'odd.json']);
  expect(nodes.code).toBe(2);
  for (const word of [
    '`[1].kind`',
    '`[1].load`',
    '`[1].reachable`',
    '`[1].forms`',
    '`[1].free.cpuMillis`',
    '`[2]` is no object',
    'both named `a`',
  ])
    expect(nodes.err).toContain(word);
});

test.each<[args: readonly string[], said: string]>([
  [[], 'no request given'],
  [['--workload', 'workload.json'], 'no nodes given'],
  [['--nodes', 'nodes.json'], 'no workload given'],
  [['--request', 'x.json', '--nodes', 'nodes.json'], 'two questions'],
  [[...both, '--key', 'a'], '`--key` says nothing of a workload'],
  [['--workload', 'none.json', '--nodes', 'nodes.json'], 'cannot read `none.json`'],
  [['--workload', 'policies/policy.yaml', '--nodes', 'nodes.json'], '`policies/policy.yaml` is not JSON'],
  [['--workload', 'workload.json', '--nodes', 'workload.json'], '`workload.json` is no list of nodes'],
])('%o is refused', async (args, said) => {
  const { code, out, err } = await explain(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(said);
  expect(err).toContain('\nhelp: ');
});
