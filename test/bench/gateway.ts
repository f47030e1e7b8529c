/**
 * What the gateway adds: direct calls, the least that a proxy can be, policyd with keys, metrics, logs and a policy, and another gateway
 * where `PORTKEY` names the folder that it was installed into; all in one run. Servers under test, and backend with load, are processes of
 * their own. Bounds are asserted: a miss ends with an error.
 */
import type { Table } from '../../compiler/bench/table.ts';
import type { Job } from './load/job.ts';
import { Rig, readCpu, type Served } from './load/rig.ts';
import { BODY, KEY, writePolicy } from './load/served-policy.ts';

const ROUNDS = 5;
const MS = 1_500;
/** Requests a second of the open loop: a rate that every side can serve. */
const RATE = 2_000;
/** The other gateway is slower by more than this rate allows. */
const SLOW_RATE = 200;
/** Too large, and too rarely needed, to be installed with everything else. */
const PORTKEY = '@portkey-ai/gateway@1.15.2';
const INSTALL = `npm i --prefix /tmp/portkey ${PORTKEY} && PORTKEY=/tmp/portkey npm run bench -- gateway`;
const NAMES = ['direct', 'bare', 'policyd', 'portkey'] as const;
type Name = (typeof NAMES)[number];

interface Side {
  readonly perSecond: number[];
  readonly cpu: number[];
  readonly alone: number[];
  readonly open: number[];
}

export const bench = {
  name: 'gateway',
  async run(): Promise<Table> {
    const rig = new Rig();
    try {
      const backend = await rig.startBackend();
      const folder = process.env.PORTKEY;
      const sides: Partial<Record<Name, Served>> = {
        direct: backend,
        bare: await rig.startBareProxy(backend),
        policyd: await rig.startPolicyd(writePolicy(backend.port)),
        ...(folder === undefined ? {} : { portkey: await rig.startPortkey(folder) }),
      };
      const found: Record<Name, Side> = { direct: begin(), bare: begin(), policyd: begin(), portkey: begin() };
      for (let round = -1; round < ROUNDS; round++) {
        for (const name of NAMES) {
          const served = sides[name];
          if (served) await measure(rig, served, backend.port, name, round < 0 ? begin() : found[name]);
        }
      }
      return tabulate(found, rig.pinned);
    } finally {
      await rig.close();
    }
  },
};

const begin = (): Side => ({ perSecond: [], cpu: [], alone: [], open: [] });

async function measure(rig: Rig, { port, pid }: Served, backend: number, name: Name, side: Side): Promise<void> {
  const where = [
    ['x-portkey-provider', 'openai'],
    ['x-portkey-custom-host', `http://127.0.0.1:${backend}/v1`],
  ] as const;
  const headers = [['authorization', `Bearer ${KEY}`] as const, ...(name === 'portkey' ? where : [])];
  const call = { port, path: '/v1/chat/completions', headers, body: BODY } as const;
  const ask = (job: Pick<Job, 'kind' | 'connections'> & { ms: number; rate?: number }) => rig.load({ ...call, ...job } as Job);
  const before = readCpu(pid);
  const many = await ask({ kind: 'closed', connections: 32, ms: MS });
  side.cpu.push(((readCpu(pid) - before) * 1e3) / many.times.length);
  side.perSecond.push((many.times.length / many.ms) * 1e3);
  side.alone.push(percentile((await ask({ kind: 'closed', connections: 1, ms: MS / 2 })).times, 0.5));
  side.open.push(...(await ask({ kind: 'open', connections: 64, ms: MS / 2, rate: name === 'portkey' ? SLOW_RATE : RATE })).times);
}

function percentile(times: readonly number[], share: number): number {
  const ascending = [...times].sort((a, b) => a - b);
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))];
}

function tabulate(sides: Record<Name, Side>, pinned: boolean): Table {
  const { direct, bare, policyd, portkey } = sides;
  const measured = portkey.perSecond.length > 0;
  const median = (values: readonly number[]): number => percentile(values, 0.5);
  const throughput = median(policyd.perSecond) / median(bare.perSecond);
  const times = median(policyd.perSecond) / median(portkey.perSecond);
  const added = (side: Side): number => median(side.alone) - median(direct.alone);
  const latency = added(policyd) / added(bare);
  const judge = (holds: boolean): string => (holds ? 'holds' : 'MISSED');
  const line = (what: string, pick: (side: Side) => number, digits: number, ...more: [] | [string, string, string]): string[] => [
    what,
    ...[direct, bare, policyd].map((side) => pick(side).toFixed(digits)),
    measured ? pick(portkey).toFixed(digits) : '',
    ...(more.length > 0 ? more : ['', '', '']),
  ];
  if (throughput < 0.8 || latency > 1.4 || times < 10) process.exitCode = 1;
  return {
    title: 'gateway: direct, a bare proxy, policyd, another gateway',
    columns: ['', 'direct', 'bare proxy', 'policyd', 'portkey', 'policyd ÷ other', 'bound', ''],
    rows: [
      line('requests/s, 32 connections', (s) => median(s.perSecond), 0, `${throughput.toFixed(2)} bare`, '≥ 0.8', judge(throughput >= 0.8)),
      measured
        ? ['the same', '', '', '', '', `${times.toFixed(1)} portkey`, '≥ 10', judge(times >= 10)]
        : ['the same', '', '', '', 'not measured', '', '≥ 10', ''],
      line('CPU µs a request', (s) => median(s.cpu), 1, `${(median(policyd.cpu) / median(bare.cpu)).toFixed(2)} bare`, '', ''),
      line('p50 at one connection, µs', (s) => median(s.alone) * 1e3, 0),
      line('added p50, µs', (s) => added(s) * 1e3, 0, `${latency.toFixed(2)} bare`, '≤ 1.4', judge(latency <= 1.4)),
      ...[0.5, 0.9, 0.99].map((share) =>
        line(
          `added p${share * 100} at ${RATE} requests/s, µs`,
          (s) => (percentile(s.open, share) - percentile(direct.open, share)) * 1e3,
          0,
        ),
      ),
    ],
    notes: [
      `Bodies of 1 KB up and down. ${pinned ? 'The server under test has a core to itself, backend and load share another.' : 'All processes share all cores.'} Medians over ${ROUNDS} rounds that take turns. CPU: all threads of the server, the backend's own for direct. The open loop counts from the moment a request was due.`,
      measured
        ? `portkey: ${PORTKEY}, which chooses nothing here: provider and host are in the request's headers; its open loop at ${SLOW_RATE} requests/s.`
        : `portkey was not measured: \`${INSTALL}\`.`,
    ],
  };
}
