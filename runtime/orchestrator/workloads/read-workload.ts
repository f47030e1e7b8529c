import type { Privacy } from '../../../schema/vocabulary.ts';
import type { FieldError } from '../orchestrator-error.ts';
import type { Workload } from '../workload.ts';

/** A workload as `POST /schedule` says it; its shape is checked before. */
export interface AskedWorkload {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly resources?: { readonly cpu?: number | string; readonly memory?: number | string; readonly gpu?: number };
  readonly privacy?: Privacy;
  readonly labels?: Readonly<Record<string, string>>;
  readonly node_labels?: Readonly<Record<string, string>>;
  readonly timeout?: string;
  readonly retries?: number;
  readonly task?: { readonly feature: string; readonly id: string };
  readonly context?: { readonly query: string; readonly tokens?: number };
}

const MIB = 2 ** 20;
/** What a workload needs that does not say so. */
const CPU = 100;
const MEMORY = 128 * MIB;
const TOKENS = 4_000;
/** Bounds of what may be asked for: thousandths of a core, bytes, ms, bytes of program, arguments and variables together. */
const CPUS = [1, 1_024_000] as const;
const MEMORIES = [MIB, 2 ** 46] as const;
const TIMES = [1_000, 30 * 86_400_000] as const;
const WORDS = 96 << 10;

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
  MiB: MIB,
  Mi: MIB,
  GiB: 2 ** 30,
  Gi: 2 ** 30,
  TiB: 2 ** 40,
  Ti: 2 ** 40,
};
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The workload with its units read and every default filled in, or all that is wrong with it. No message shows a variable or an argument. */
export function readWorkload(asked: AskedWorkload): { readonly workload: Workload; readonly mistakes: readonly FieldError[] } {
  const mistakes: FieldError[] = [];
  const bad = (path: string, message: string): void => void mistakes.push({ path, message });
  const command = [...(asked.command ?? []), ...(asked.args ?? [])];
  if (asked.image === undefined && (asked.command ?? []).length === 0) {
    bad('command', 'one of `image` and `command` is needed: a container, a process, or what can be both');
  }
  if ((asked.args ?? []).length > 0 && (asked.command ?? []).length === 0) bad('args', '`args` needs a `command` that they belong to');
  const env = asked.env ?? {};
  const texts: [string, string][] = [
    ...command.map((word): [string, string] => ['command', word]),
    ...Object.entries(env).map(([name, value]): [string, string] => [`env.${name}`, value]),
  ];
  for (const path of new Set(texts.filter(([, text]) => text.includes('\0')).map(([path]) => path)))
    bad(path, `\`${path}\` has a zero byte in it`);
  const size = texts.reduce((sum, [path, text]) => sum + path.length + Buffer.byteLength(text), 0);
  if (size > WORDS) bad('command', `program, arguments and variables have ${size} bytes together, more than ${WORDS}`);
  const { cpuMillis, memoryBytes, timeout, mistakes: amounts } = readAmounts(asked);
  mistakes.push(...amounts);
  return {
    workload: {
      name: asked.name,
      image: asked.image ?? null,
      command,
      env,
      needs: { cpuMillis: cpuMillis ?? CPU, memoryBytes: memoryBytes ?? MEMORY, gpus: asked.resources?.gpu ?? 0 },
      privacy: asked.privacy ?? 'unrestricted',
      labels: asked.labels ?? {},
      nodeLabels: asked.node_labels ?? {},
      timeout,
      retries: asked.retries ?? 0,
      task: asked.task ?? null,
      context: asked.context === undefined ? null : { query: asked.context.query, tokens: asked.context.tokens ?? TOKENS },
    },
    mistakes,
  };
}

/** What has a unit, null where it cannot be read; also of a workload whose shape is wrong elsewhere. */
export function readAmounts({ resources, timeout: time }: Pick<AskedWorkload, 'resources' | 'timeout'>): {
  readonly cpuMillis: number | null;
  readonly memoryBytes: number | null;
  readonly timeout: number | null;
  readonly mistakes: readonly FieldError[];
} {
  const cpuMillis = readAmount(resources?.cpu, CPU, CPUS, readCpu);
  const memoryBytes = readAmount(resources?.memory, MEMORY, MEMORIES, readMemory);
  const timeout = time === undefined ? null : readAmount(time, 0, TIMES, readTime);
  const mistakes: FieldError[] = [];
  const bad = (path: string, message: string): void => void mistakes.push({ path, message });
  if (cpuMillis === null) bad('resources.cpu', '`resources.cpu` must be from 0.001 to 1024 cores, like `0.5` or `"500m"`');
  if (memoryBytes === null) bad('resources.memory', '`resources.memory` must be from 1MiB to 64TiB, like `"512MiB"`, or a number of bytes');
  if (time !== undefined && timeout === null) bad('timeout', '`timeout` must be a time from 1s to 30d, like `"90s"` or `"5m"`');
  return { cpuMillis, memoryBytes, timeout, mistakes };
}

/** Null = it cannot be read, or is out of its bounds. */
function readAmount(
  asked: number | string | undefined,
  fallback: number,
  [low, high]: readonly [number, number],
  read: (asked: number | string) => number,
): number | null {
  if (asked === undefined) return fallback;
  const value = read(asked);
  return value >= low && value <= high ? value : null;
}

/** Thousandths of a core, rounded up. */
function readCpu(asked: number | string): number {
  if (typeof asked === 'number') return Math.ceil(asked * 1_000 - 1e-6);
  const [, digits, milli] = /^(\d{1,9}(?:\.\d{1,3})?)(m?)$/.exec(asked) ?? [];
  return Math.ceil(Number(digits) * (milli === 'm' ? 1 : 1_000) - 1e-6);
}

/** Bytes, rounded up. */
function readMemory(asked: number | string): number {
  if (typeof asked === 'number') return Math.ceil(asked);
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,3})?) ?([A-Za-z]{0,3})$/.exec(asked) ?? [];
  return Math.ceil(Number(digits) * (UNITS[unit ?? '?'] ?? Number.NaN));
}

function readTime(asked: number | string): number {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(String(asked)) ?? [];
  return Number(digits) * (TIME_UNITS[unit ?? '?'] ?? Number.NaN);
}
