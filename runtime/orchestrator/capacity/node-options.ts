import { arch, hostname, platform } from 'node:os';
import type { Resources } from '../../../schema/workload.ts';
import type { Capacity } from './capacity-probe.ts';

/** What is offered of what there is: at most. Null = no limit but the machine's. */
export interface NodeCap {
  readonly cpuMillis: number | null;
  readonly memoryBytes: number | null;
  readonly gpus: number | null;
}

const LABEL = /^([a-zA-Z0-9]([-a-zA-Z0-9_./]{0,251}[a-zA-Z0-9])?)=([a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?)?$/;
const BYTES = /^(\d+(?:\.\d+)?)(|B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const MOST_LABELS = 64;

/** What policyd keeps for itself: a tenth, and at least what a gateway needs to breathe. */
const RESERVED_SHARE = 0.1;
const RESERVED_MILLIS = 100;
const RESERVED_BYTES = 256 * 2 ** 20;
const RESERVED_BYTES_MOST = 2 * 2 ** 30;

/** Labels of this machine: `zone=restricted,region=eu`, and what it is. Those that are written win. */
export function readNodeLabels(text: string, problems: string[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = { os: platform(), arch: arch(), host: hostname().toLowerCase() };
  const words = listWords(text);
  if (words.length > MOST_LABELS) problems.push(`\`--node-labels\` may be ${MOST_LABELS} at most, not ${words.length}`);
  const seen = new Set<string>();
  for (const word of words) {
    const [, key, , value = ''] = LABEL.exec(word) ?? [];
    if (key === undefined) problems.push(`\`--node-labels\` must be like \`zone=restricted,region=eu\`, which \`${word}\` is not`);
    else if (seen.has(key)) problems.push(`\`--node-labels\` names \`${key}\` twice`);
    else {
      seen.add(key);
      labels[key] = value;
    }
  }
  return labels;
}

/** `cpu=4,memory=8GiB,gpu=1`: any of them; null = no cap at all. */
export function readNodeCap(text: string | null, problems: string[]): NodeCap {
  const found = new Map<string, number>();
  for (const word of listWords(text ?? '')) {
    const [, key, value] = /^(cpu|memory|gpu)=(.+)$/.exec(word) ?? [];
    const amount = key === undefined ? null : readAmount(key, value);
    if (amount === null) problems.push(`\`--node-capacity\` must be like \`cpu=4,memory=8GiB,gpu=1\`, which \`${word}\` is not`);
    else if (found.has(key)) problems.push(`\`--node-capacity\` names \`${key}\` twice`);
    else found.set(key, amount);
  }
  return { cpuMillis: found.get('cpu') ?? null, memoryBytes: found.get('memory') ?? null, gpus: found.get('gpu') ?? null };
}

/** What workloads can have of this machine: all but the reserve, and no more than `cap`. */
export function offerOf({ cpuCores, memoryBytes, gpus }: Capacity, cap: NodeCap): Resources {
  const millis = Math.floor(cpuCores * 1000);
  const reserved = Math.min(RESERVED_BYTES_MOST, Math.max(RESERVED_BYTES, Math.ceil(memoryBytes * RESERVED_SHARE)));
  return {
    cpuMillis: Math.max(
      0,
      Math.min(millis - Math.max(RESERVED_MILLIS, Math.ceil(millis * RESERVED_SHARE)), cap.cpuMillis ?? Number.POSITIVE_INFINITY),
    ),
    memoryBytes: Math.max(0, Math.min(memoryBytes - reserved, cap.memoryBytes ?? Number.POSITIVE_INFINITY)),
    gpus: Math.min(gpus.length, cap.gpus ?? Number.POSITIVE_INFINITY),
  };
}

function readAmount(key: string, text: string): number | null {
  if (key === 'gpu') return /^\d{1,3}$/.test(text) ? Number(text) : null;
  if (key === 'cpu') {
    const [, cores, millis] = /^(?:(\d{1,5}(?:\.\d{1,3})?)|(\d{1,8})m)$/.exec(text) ?? [];
    if (cores !== undefined) return Math.round(Number(cores) * 1000);
    return millis === undefined ? null : Number(millis);
  }
  const [, digits, unit] = BYTES.exec(text) ?? [];
  const bytes = digits === undefined ? Number.NaN : Math.floor(Number(digits) * FACTORS[unit]);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function listWords(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
