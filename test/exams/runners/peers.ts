import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { ForwardBook } from '../../../runtime/orchestrator/peers/forward-book.ts';
import { PeerDirectory } from '../../../runtime/orchestrator/peers/peer-directory.ts';
import { PeerMeter } from '../../../runtime/orchestrator/peers/peer-meter.ts';
import { PeerRunner } from '../../../runtime/orchestrator/peers/peer-runner.ts';
import { openStore } from '../../../runtime/store/open-store.ts';
import { Policyd, until } from '../../e2e/policyd.ts';
import { DEFAULT, type Site } from './candidate.ts';
import { WORKLOAD, writeScript } from './machine.ts';

const POLICY = `
backends:
  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }
workloads:
  placement: { restricted_labels: { zone: restricted } }
`;

let made = 0;

/** Another policyd as a place of runs: a process of its own, reached over HTTP. */
export async function makePeer(): Promise<Site> {
  const home = mkdtempSync(join(tmpdir(), 'policyd-peers-'));
  const starts = join(home, 'starts');
  mkdirSync(starts);
  chmodSync(home, 0o711);
  chmodSync(starts, 0o777);
  const peer = await Policyd.start(POLICY, { args: ['--peers', 'accept', '--node-capacity', 'cpu=4,memory=8GiB', '--log-level', 'warn'] });
  const name = new URL(peer.url).host;
  const store = await openStore({ kind: 'sqlite', file: join(home, 'policyd.sqlite') });
  const closing: (() => Promise<void>)[] = [];
  const settings = {
    tailnet: false,
    named: [{ name, url: peer.url }],
    tag: 'tag:policyd',
    socket: '',
    port: null,
    key: null,
    lease: 30_000,
  };
  const log = pino({ level: 'silent' });
  return {
    node: `${name}/local`,
    async open() {
      const meter = new PeerMeter(new Registry());
      const directory = new PeerDirectory({ settings, tailscale: null, instance: 'exam', port: () => 0, interval: 300, log, meter });
      const runner = new PeerRunner({ directory, book: new ForwardBook(store), lease: settings.lease, log, meter });
      closing.push(async () => {
        await runner.close();
        await directory.close();
      });
      await directory.begin();
      await until(() => directory.get(name)?.state === 'up', 'the peer');
      return runner;
    },
    makeRun(behaviour) {
      const id = `exam-${process.pid}-${made++}-1`;
      const command = ['sh', '-c', writeScript({ ...DEFAULT, ...behaviour }, join(starts, id))];
      const trace = '0123456789abcdef0123456789abcdef';
      return { id, job: `exam-${process.pid}`, node: `${name}/local`, trace, workload: { ...WORKLOAD, command } };
    },
    async countStarts({ id }) {
      return existsSync(join(starts, id)) ? readFileSync(join(starts, id), 'utf8').length : 0;
    },
    async remove() {
      const { items } = await peer.get<{ items: { id: string }[] }>('/v1/peers/runs');
      await Promise.all(
        items.map(({ id }) => peer.post(`/v1/peers/runs/${id}/stop`, { grace: 0, evict: false, reason: 'the test is over' })),
      );
      for (const close of closing) await close();
      await peer.stop();
      await store.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
