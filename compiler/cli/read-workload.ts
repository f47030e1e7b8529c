import { PRIVACIES } from '../../schema/vocabulary.ts';
import type { Resources, WorkloadForm, WorkloadIntent } from '../../schema/workload.ts';
import type { Io } from './command.ts';
import { Faults, Members } from './members.ts';
import { readJson } from './read-json.ts';

/** A workload as far as its place hangs on it. */
export interface AskedWorkload {
  readonly name: string;
  readonly intent: WorkloadIntent;
}

/** What a workload needs that does not say so; as `POST /schedule` has it. */
const DEFAULTS: Resources = { cpuMillis: 100, memoryBytes: 128 * 2 ** 20, gpus: 0 };

/** Of the body, what has no say in where it goes. */
const ELSEWHERE = ['args', 'env', 'labels', 'timeout', 'retries', 'task', 'context'];

const HELP =
  'write the body that `POST /schedule` takes, such as `{"name": "index", "image": "index:1", "resources": {"cpu": 0.5, "memory": "512MiB"}}`';

/** Reads the body of `POST /schedule`; `-` is standard input. Throws `UsageError` that names everything that is wrong. */
export async function readWorkload(path: string, io: Io): Promise<AskedWorkload> {
  const faults = new Faults(path, HELP);
  const body = new Members(await readJson(path, HELP, io), '', faults);
  body.ignore(ELSEWHERE);
  const name = body.need('name', '', 'a DNS label such as `nightly-index`', readName);
  const isContainer = body.take('image', '', 'the name of a container image', readText) !== '';
  const isProcess = body.take('command', [], 'a list of program and arguments', readTexts).length > 0;
  if (!isContainer && !isProcess) faults.add('neither `image` nor `command` says what is to be run');
  const intent: WorkloadIntent = {
    privacy: body.take('privacy', 'unrestricted', PRIVACIES.map((word) => `\`${word}\``).join(' or '), readPrivacy),
    needs: takeResources(body.within('resources'), DEFAULTS),
    labels: body.take('node_labels', {}, 'labels with their values', readLabels),
    forms: [...(isProcess ? (['process'] as const) : []), ...(isContainer ? (['container'] as const) : [])] satisfies WorkloadForm[],
  };
  body.close();
  faults.throwAny();
  return { name, intent };
}

/** `cpu` in cores or `"500m"`, `memory` in bytes or `"512MiB"`, `gpu` in pieces. */
export function takeResources(members: Members, fallback: Resources): Resources {
  const resources = {
    cpuMillis: members.take('cpu', fallback.cpuMillis, 'cores such as `0.5` or `"500m"`', readCpu),
    memoryBytes: members.take('memory', fallback.memoryBytes, 'bytes, or an amount such as `"512MiB"`', readMemory),
    gpus: members.take('gpu', fallback.gpus, 'a number of GPUs', (value) =>
      Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null,
    ),
  };
  members.close();
  return resources;
}

const readName = (value: unknown): string | null =>
  typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value) ? value : null;
export const readText = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const readTexts = (value: unknown): readonly string[] | null =>
  Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : null;
const readPrivacy = (value: unknown) => PRIVACIES.find((word) => word === value) ?? null;

export function readLabels(value: unknown): Readonly<Record<string, string>> | null {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  return isObject && Object.values(value).every((text) => typeof text === 'string') ? (value as Record<string, string>) : null;
}

/** Thousandths of a core, rounded up. */
function readCpu(value: unknown): number | null {
  const [, digits, milli] = /^(\d{1,9}(?:\.\d{1,3})?)(m?)$/.exec(typeof value === 'number' ? value.toFixed(3) : String(value)) ?? [];
  return digits === undefined ? null : Math.ceil(Number(digits) * (milli === 'm' ? 1 : 1_000) - 1e-6);
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  Ki: 2 ** 10,
  MiB: 2 ** 20,
  Mi: 2 ** 20,
  GiB: 2 ** 30,
  Gi: 2 ** 30,
  TiB: 2 ** 40,
  Ti: 2 ** 40,
};

/** Bytes, rounded up. */
function readMemory(value: unknown): number | null {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?) ?([A-Za-z]{0,3})$/.exec(String(value)) ?? [];
  const bytes = Math.ceil(Number(digits) * (Object.hasOwn(UNITS, unit) ? UNITS[unit]! : Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : null;
}
