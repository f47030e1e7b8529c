/**
 * What the gateway adds to a stream. Latency: how much longer an event takes from the backend's write to its arrival than without
 * anything between, at the pace of a model that writes 50 tokens a second, one stream at a time; every event carries the time at which the
 * backend wrote it, on the clock that all processes of a machine share. Cost: CPU for each event, many streams at once.
 */
import type { Table } from '../../compiler/bench/table.ts';
import type { Report } from './load/job.ts';
import { Rig, readCpu, type Served } from './load/rig.ts';
import { KEY, streamBody, UPSTREAM_KEY, writePolicy, writeTranslatedPolicy } from './load/served-policy.ts';

const ROUNDS = 5;
/** One stream at a time: events and ms between two of them. */
const PACE = { events: 50, gap: 20, streams: 1 } as const;
/** Streams whose first event is waited for, one at a time: few events, so that there are many of them. */
const FIRSTS = { events: 3, gap: 1, streams: 40 } as const;
/** Many at once. */
const CROWD = { events: 200, gap: 1, streams: 16, ms: 1_500 } as const;
/** Most that may be added to an event, in ms of latency and of CPU. */
const BOUND = 0.1;
/** Most that may be added to the first event, in ms. */
const FIRST_BOUND = 2;

interface Side {
  readonly times: number[];
  readonly firsts: number[];
  readonly gaps: number[];
  /** Ms of CPU for an event, by round. */
  readonly cpu: number[];
}

export const bench = {
  name: 'streams',
  async run(): Promise<Table> {
    process.env[UPSTREAM_KEY] = 'sk-bench';
    const rig = new Rig();
    try {
      const backend = await rig.startBackend();
      const sides: Record<string, Served> = {
        direct: backend,
        bare: await rig.startBareProxy(backend),
        policyd: await rig.startPolicyd(writePolicy(backend.port)),
        translated: await rig.startPolicyd(writeTranslatedPolicy(backend.port)),
      };
      const found: Record<string, Side> = {};
      for (let round = -1; round < ROUNDS; round++) {
        for (const [name, served] of Object.entries(sides)) {
          const side = round < 0 ? begin() : (found[name] ??= begin());
          await measurePace(rig, name, served, side);
          await measureFirsts(rig, served, side);
          await measureCrowd(rig, served, side);
        }
      }
      return tabulate(found);
    } finally {
      await rig.close();
    }
  },
};

const begin = (): Side => ({ times: [], firsts: [], gaps: [], cpu: [] });

const call = (port: number, events: number, gap: number) =>
  ({ port, path: '/v1/chat/completions', headers: [['authorization', `Bearer ${KEY}`]], body: streamBody(events, gap) }) as const;

async function measurePace(rig: Rig, name: string, { port }: Served, side: Side): Promise<void> {
  const { events, gap, streams } = PACE;
  const report: Report = await rig.load({ ...call(port, events, gap), kind: 'stream', connections: 1, count: streams });
  if (report.times.length !== events * streams) throw new Error(`${name}: ${report.times.length} events of ${events * streams}`);
  side.times.push(...report.times);
  side.gaps.push(...report.gaps!);
}

async function measureFirsts(rig: Rig, { port }: Served, side: Side): Promise<void> {
  const { events, gap, streams } = FIRSTS;
  const report: Report = await rig.load({ ...call(port, events, gap), kind: 'stream', connections: 1, count: streams });
  side.firsts.push(...report.firsts!);
}

async function measureCrowd(rig: Rig, { port, pid }: Served, side: Side): Promise<void> {
  const { events, gap, streams, ms } = CROWD;
  const before = readCpu(pid);
  const { times } = await rig.load({ ...call(port, events, gap), kind: 'closed', connections: streams, ms });
  side.cpu.push((readCpu(pid) - before) / (times.length * events));
}

function percentile(times: readonly number[], share: number): number {
  const ascending = [...times].sort((a, b) => a - b);
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))];
}

function tabulate({ direct, bare, policyd, translated }: Record<string, Side>): Table {
  const added = (side: Side): number => percentile(side.times, 0.5) - percentile(direct.times, 0.5);
  const addedFirst = (side: Side): number => percentile(side.firsts, 0.5) - percentile(direct.firsts, 0.5);
  const worse = (pick: (side: Side) => number): number => Math.max(pick(policyd), pick(translated));
  const cpu = (side: Side): number => percentile(side.cpu, 0.5);
  const judge = (figure: number, bound = BOUND): [string, string] => {
    if (!(figure < bound)) process.exitCode = 1;
    return [`< ${bound * 1e3}`, figure < bound ? 'holds' : 'MISSED'];
  };
  const line = (what: string, pick: (side: Side) => number, ...[bound, verdict]: [] | [string, string]): string[] => [
    what,
    ...[direct, bare, policyd, translated].map((side) => (pick(side) * 1e3).toFixed(0)),
    bound ?? '',
    verdict ?? '',
  ];
  return {
    title: 'streams: µs',
    columns: ['', 'direct', 'bare proxy', 'policyd', 'translated', 'bound', ''],
    rows: [
      line('an event from backend to caller, p50', (s) => percentile(s.times, 0.5)),
      line('added to it', added, ...judge(worse(added))),
      line('an event from backend to caller, p99', (s) => percentile(s.times, 0.99)),
      line('request to first event, p50', (s) => percentile(s.firsts, 0.5)),
      line('added to it', addedFirst, ...judge(worse(addedFirst), FIRST_BOUND)),
      line('gap between events, p99 − p50', (s) => percentile(s.gaps, 0.99) - percentile(s.gaps, 0.5)),
      line('CPU an event, many streams', cpu, ...judge(worse(cpu))),
    ],
    notes: [
      `Translated: the backend speaks Anthropic’s API, the caller OpenAI’s. Latency: one stream at a time, ${PACE.events} events ${PACE.gap} ms apart, ${PACE.streams * ROUNDS} streams of each side in turns; added: what an event takes more than it does direct. First events: ${FIRSTS.streams * ROUNDS} streams of each side, in turns. Events that arrive together count as arrived together. CPU: ${CROWD.streams} streams at once, ${CROWD.events} events ${CROWD.gap} ms apart each, the whole requests in it; all threads of the server, of direct the backend's own; medians over ${ROUNDS} rounds.`,
    ],
  };
}
