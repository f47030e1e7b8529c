import { describe, expect, test } from 'vitest';
import { emit } from '../../../compiler/emit/emit.ts';
import { plan } from '../../../compiler/plan/plan.ts';
import { loadRouter } from '../../../compiler/prove/load-router.ts';
import { prove } from '../../../compiler/prove/prove.ts';
import { proveWorkloads } from '../../../compiler/prove/prove-workloads.ts';
import { understand } from '../../../compiler/understand.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import { buildPolicySet } from '../../build/policy-set.ts';

const POLICY = `
backends: { home: { type: ollama, models: { small: {} } } }
workloads:
  quotas: { jobs_per_token: 20, cpu: 8, memory: 16GiB }
  protected: ["kube-*", "policyc-{a,b}", backup, "[d]ata"]
  placement: { restricted_labels: { zone: restricted, disk: sealed } }
`;

const setOf = (text: string): PolicySet => {
  const { set, diagnostics } = understand([{ file: 'policies/all.yaml', text }]);
  if (set === null) throw new Error(JSON.stringify(diagnostics));
  return set;
};
const write = async (set: PolicySet): Promise<string> => (await emit(set, plan(set), { compiler: 'test', sources: [] })).loadable;

const LABELLED = setOf(POLICY);
const BARE = setOf(POLICY.replace(/ {2}placement.*\n/, '  placement: { prefer: any }\n'));
const [labelled, bare] = [await write(LABELLED), await write(BARE)];
const survives = (set: PolicySet, loadable: string): boolean => proveWorkloads(set, loadRouter(loadable)).difference === null;

test('sound routers are proven, and the proof says over how much', () => {
  expect(survives(LABELLED, labelled)).toBe(true);
  expect(survives(BARE, bare)).toBe(true);
  expect(prove(LABELLED, loadRouter(labelled)).proof.placements).toBeGreaterThan(5_000);
});

test('a router that says nothing of workloads is refused', () => {
  const { workloads: _, ...old } = loadRouter(labelled);
  expect(prove(LABELLED, old).difference?.what).toBe('workloads');
});

/** In the text of the router, each alone. */
const FAULTS: readonly (readonly [what: string, right: string, wrong: string])[] = [
  ['nodes that do not answer are there', 'node.reachable ? null', 'true ? null'],
  ['cordoned nodes take workloads', "node.cordoned ? 'takes", "false ? 'takes"],
  ['nothing is restricted', "if (intent.privacy === 'unrestricted')", 'if (true)'],
  ['everything is restricted', "if (intent.privacy === 'unrestricted')", 'if (false)'],
  ['clusters are this machine', "node.kind === 'local' ? null", "node.kind !== 'peer' ? null"],
  ['any value of a label will do', '|| has[label] !== value', ''],
  ['a missing label is none', '!Object.hasOwn(has, label) ||', 'Object.hasOwn(has, label) &&'],
  ['one label of several will do', 'missing.length === 0)', 'missing.length <= 1)'],
  ['labels are not asked for', "tellLabels('needs', intent.labels, node.labels)", 'null'],
  ['every form is taken', 'node.forms.includes(form)', 'true'],
  ['one more than is free fits', 'needs <= free)', 'needs <= free + 1)'],
  ['all but what is free fits', 'needs <= free)', 'needs < free)'],
  ['what is not needed is missed', 'needs <= 0 ||', ''],
  ['GPUs are not counted', 'tellAmount(needs.gpus, free.gpus', 'tellAmount(0, free.gpus'],
  ['memory is counted as CPU', 'tellAmount(needs.memoryBytes, free.memoryBytes', 'tellAmount(needs.memoryBytes, free.cpuMillis'],
  ['only the first reason is kept', 'excluded.push(...reasons)', 'excluded.push(...reasons.slice(0, 1))'],
  ['excluded nodes have a score', 'reasons.length > 0 ? 0 :', ''],
  ['nobody is preferred', "prefer === 'local' && node.kind === 'local'", 'false'],
  ['everybody is preferred', "prefer === 'local' && node.kind === 'local'", "node.kind === 'local'"],
  ['the later of equals', 'score > scores[chosen]', 'score >= scores[chosen]'],
  ['what the workload takes counts as free', 'free.cpuMillis - needs.cpuMillis', 'free.cpuMillis'],
  ['memory does not count', 'cpu + memory) * idle', 'cpu + cpu) * idle'],
  ['load does not count', '* idle) / 2000', '* 1000) / 2000'],
  ['shares are rounded up', 'Math.floor((part * 1000) / whole)', 'Math.ceil((part * 1000) / whole)'],
  ['overcommitted nodes have room', 'part > 0 && whole > 0', 'whole > 0'],
  ['a full node has a score of 0', 'return 1 + Math.floor(', 'return Math.floor('],
  ['a quota is its limit and one', 'amount.held + amount.asked <= limit', 'amount.held + amount.asked <= limit + 1'],
  ['what is held does not count', 'amount.held + amount.asked <= limit', 'amount.asked <= limit'],
  ['nothing that is asked breaks a quota', 'amount.asked === 0 ||', ''],
  ['jobs are free', 'held: held.jobs, asked: 1', 'held: held.jobs, asked: 0'],
  ['one quota is forgotten', "{ quota: 'cpu', limit: 8000", "{ quota: 'cpu', limit: 80000"],
  ['a glob is its text', '|| test.test(name)', ''],
  ['a glob is only a pattern', 'glob === name ||', ''],
  ['one glob is forgotten', "glob: 'backup', pattern: '", "glob: 'back', pattern: 'x"],
];

describe('faults in the rules of workloads', () => {
  test.each(FAULTS)('%s', (_, right, wrong) => {
    const planted = [labelled, bare].filter((text) => text.includes(right));
    expect(planted.length, 'the fault can be planted').toBeGreaterThan(0);
    const survivors = [[LABELLED, labelled] as const, [BARE, bare] as const].map(([set, text]) =>
      survives(set, text.replace(right, wrong)),
    );
    expect(survivors).toContain(false);
  });
});

test('a policy without the section is proven as well', async () => {
  const set = buildPolicySet({ targets: [{ backend: 'local', model: 'small' }] });
  expect(survives(set, await write(set))).toBe(true);
});
