import { NODE_KINDS, type NodeKind, type NodeState, type Resources, WORKLOAD_FORMS, type WorkloadForm } from '../../schema/workload.ts';
import { type Io, UsageError } from './command.ts';
import { Faults, Members } from './members.ts';
import { readJson } from './read-json.ts';
import { readLabels, readText, takeResources } from './read-workload.ts';

const HELP =
  'write a list of nodes, such as `[{"name": "local", "total": {"cpu": 8, "memory": "16GiB"}, "free": {"cpu": 2.5, "memory": "4GiB"}}]`';

/** What nodes of a kind run where they do not say. */
const FORMS: Readonly<Record<NodeKind, readonly WorkloadForm[]>> = { local: ['process'], kubernetes: ['container'], peer: WORKLOAD_FORMS };

const NOTHING: Resources = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };

/** Reads the nodes that there are, best first where all else is equal. Throws `UsageError` that names everything that is wrong. */
export async function readNodes(path: string, io: Io): Promise<NodeState[]> {
  const json = await readJson(path, HELP, io);
  if (!Array.isArray(json)) throw new UsageError(`\`${path}\` is no list of nodes`, HELP);
  const faults = new Faults(path, HELP);
  const nodes = json.map((entry, row) => takeNode(new Members(entry, `[${row}]`, faults)));
  for (const [row, { name }] of nodes.entries()) {
    const first = nodes.findIndex((node) => node.name === name);
    if (first < row && name !== '') faults.add(`\`[${first}]\` and \`[${row}]\` are both named \`${name}\``);
  }
  faults.throwAny();
  return nodes;
}

/** Also as policyd writes it: resources with `cpuMillis`, `memoryBytes` and `gpus`. */
function takeNode(members: Members): NodeState {
  const name = members.need('name', '', 'the name of a node', readText);
  const kind = members.take('kind', kindOf(name), listOf(NODE_KINDS), (value) => NODE_KINDS.find((word) => word === value) ?? null);
  const total = takeAmounts(members.within('total'), NOTHING);
  const node: NodeState = {
    name,
    kind,
    reachable: members.take('reachable', true, '`true` or `false`', readFlag),
    cordoned: members.take('cordoned', false, '`true` or `false`', readFlag),
    labels: members.take('labels', {}, 'labels with their values', readLabels),
    forms: members.take('forms', FORMS[kind], `a list of ${listOf(WORKLOAD_FORMS)}`, readForms),
    total,
    free: takeAmounts(members.within('free'), total),
    load: members.take('load', 0, 'the share of its CPU that is busy, from 0 to 1', readShare),
  };
  members.close();
  return node;
}

/** By the name that policyd gives it. */
const kindOf = (name: string): NodeKind => (name.startsWith('kubernetes/') ? 'kubernetes' : name.includes('/') ? 'peer' : 'local');

function takeAmounts(members: Members, fallback: Resources): Resources {
  if (!['cpuMillis', 'memoryBytes', 'gpus'].some((name) => members.has(name))) return takeResources(members, fallback);
  const amounts = {
    cpuMillis: members.take('cpuMillis', fallback.cpuMillis, 'thousandths of a core', readWhole),
    memoryBytes: members.take('memoryBytes', fallback.memoryBytes, 'a number of bytes', readWhole),
    gpus: members.take('gpus', fallback.gpus, 'a number of GPUs', readWhole),
  };
  members.close();
  return amounts;
}

const readFlag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);
/** More may be taken than there is: then it is below 0. */
const readWhole = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) : null);
const readShare = (value: unknown): number | null => (typeof value === 'number' && value >= 0 && value <= 1 ? value : null);
const readForms = (value: unknown): readonly WorkloadForm[] | null =>
  Array.isArray(value) && value.every((word) => WORKLOAD_FORMS.includes(word)) ? value : null;
const listOf = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');
