/**
 * What the gateway adds to a stream: to its first event, to each event on its way, and to the gaps between them. Every event carries the
 * time at which the backend wrote it, on the clock that all processes of a machine share. Added time per event is bounded.
 */
import type { Table } from '../../compiler/bench/table.ts';
import type { Report } from './load/job.ts';
import { Rig, type Served } from './load/rig.ts';
import { KEY, streamBody, writePolicy } from './load/served-policy.ts';

const ROUNDS = 3;
const STREAMS = 5;
const EVENTS = 200;
/** Ms between two events. */
const GAP = 1;
/** Most ms that may be added to an event. */
const BOUND = 0.1;

interface Side {
  readonly times: number[];
  readonly firsts: number[];
  readonly gaps: number[];
}

export const bench = {
  name: 'streams',
  async run(): Promise<Table> {
    const rig = new Rig();
    try {
      const backend = await rig.startBackend();
      const sides: Record<string, Served> = {
        direct: backend,
        bare: await rig.startBareProxy(backend),
        policyd: await rig.startPolicyd(writePolicy(backend.port)),
      };
      const found: Record<string, Side> = {};
      for (let round = -1; round < ROUNDS; round++) {
        for (const [name, { port }] of Object.entries(sides)) {
          const headers = [['authorization', `Bearer ${KEY}`]] as const;
          const job = { port, path: '/v1/chat/completions', headers, body: streamBody(EVENTS, GAP), connections: 1 } as const;
          const report = await rig.load({ ...job, kind: 'stream', count: STREAMS });
          if (report.times.length !== EVENTS * STREAMS) throw new Error(`${name}: ${report.times.length} events of ${EVENTS * STREAMS}`);
          if (round >= 0) add((found[name] ??= { times: [], firsts: [], gaps: [] }), report);
        }
      }
      return tabulate(found);
    } finally {
      await rig.close();
    }
  },
};

function add(side: Side, report: Report): void {
  side.times.push(...report.times);
  side.firsts.push(...report.firsts!);
  side.gaps.push(...report.gaps!);
}

function percentile(times: readonly number[], share: number): number {
  const ascending = [...times].sort((a, b) => a - b);
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))];
}

function tabulate({ direct, bare, policyd }: Record<string, Side>): Table {
  const added = (side: Side): number => percentile(side.times, 0.5) - percentile(direct.times, 0.5);
  const holds = added(policyd) < BOUND;
  if (!holds) process.exitCode = 1;
  const line = (what: string, pick: (side: Side) => number, ...more: [string, string]): string[] => [
    what,
    ...[direct, bare, policyd].map((side) => (pick(side) * 1e3).toFixed(0)),
    ...more,
  ];
  return {
    title: `streams: ${EVENTS} events, ${GAP} ms apart; µs`,
    columns: ['', 'direct', 'bare proxy', 'policyd', 'bound', ''],
    rows: [
      line('an event from backend to caller, p50', (s) => percentile(s.times, 0.5), '', ''),
      line('added to it', added, `< ${BOUND * 1e3}`, holds ? 'holds' : 'MISSED'),
      line('an event from backend to caller, p99', (s) => percentile(s.times, 0.99), '', ''),
      line('request to first event, p50', (s) => percentile(s.firsts, 0.5), '', ''),
      line('gap between events, p99 − p50', (s) => percentile(s.gaps, 0.99) - percentile(s.gaps, 0.5), '', ''),
    ],
    notes: [`One stream at a time, ${STREAMS * ROUNDS} of each side in turns. Events that arrive together count as arrived together.`],
  };
}
