import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Runner } from '../runner.ts';
import type { Surroundings } from '../surroundings.ts';
import { ForwardBook } from './forward-book.ts';
import { HostedBook } from './hosted-book.ts';
import { LeaseFiles } from './lease-files.ts';
import { PeerDirectory } from './peer-directory.ts';
import { PeerGate } from './peer-gate.ts';
import { PeerHost } from './peer-host.ts';
import { PeerMeter } from './peer-meter.ts';
import { PeerRunner } from './peer-runner.ts';
import { readPeerSettings } from './peer-settings.ts';
import { Tailscale } from './tailscale.ts';

/** What a policyd has to do with others. */
export interface Peers {
  readonly instance: string;
  readonly directory: PeerDirectory;
  readonly gate: PeerGate;
  readonly host: PeerHost;
  readonly runner: PeerRunner;
}

export interface OpenedPeers {
  readonly peers: Peers;
  /** The server listens: peers are looked for, and their runs of before a restart are taken up again. */
  begin(): void;
  close(): Promise<void>;
}

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };

/**
 * Peers of this policyd, and what it does for them. Null where they are off.
 *
 * @param runners Places of this policyd's own, which peers may use.
 * @throws Failure `[config]` where its options are wrong.
 */
export async function openPeers(
  { config, env, store, cell, log, registry, redactor, url }: Surroundings,
  runners: readonly Runner[],
): Promise<OpenedPeers | null> {
  const settings = readPeerSettings(config, env);
  if (settings === null) return null;
  redactor.add([settings.key]);
  const home = resolve(join(config.data, 'peers'));
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const instance = readInstance(join(home, 'instance'));
  const meter = new PeerMeter(registry);
  const tailscale = settings.tailnet ? new Tailscale(settings.socket) : null;
  const port = (): number => Number(new URL(url() ?? `http://127.0.0.1:${config.port || 8080}`).port);
  const directory = new PeerDirectory({ settings, tailscale, instance, port, interval: config.probeInterval, log, meter });
  const leases = new LeaseFiles(join(home, 'leases'));
  const host = new PeerHost({ instance, version, cell, log, meter, book: new HostedBook(store, instance), leases, runners: () => runners });
  const book = new ForwardBook(store);
  const runner = new PeerRunner({ directory, book, lease: settings.lease, log, meter });
  meter.attach({ states: () => directory.all.map(({ state }) => state), hosted: () => host.size, forwarded: () => runner.size });
  for (const { url: at } of settings.named) {
    if (settings.key !== null && at.startsWith('http:') && !/^http:\/\/(127\.|\[::1\]|localhost)/.test(at)) {
      log.warn({ peer: at }, 'the key of peers goes over a connection that is not encrypted, unless the network is');
    }
  }
  const fail = (what: string) => (error: Error) => log.error({ error: error.message }, what);
  return {
    peers: { instance, directory, gate: new PeerGate(tailscale, settings.tag), host, runner },
    begin() {
      host.begin().catch(fail('runs of peers cannot be taken up'));
      runner.begin().catch(fail('runs at peers cannot be taken up'));
      book.prune().catch(fail('old forwards cannot be forgotten'));
      directory.begin().catch(fail('peers cannot be looked for'));
    },
    async close() {
      host.close();
      await runner.close();
      await directory.close();
    },
  };
}

/** A name for this policyd and what it remembers, made once. */
function readInstance(file: string): string {
  try {
    writeFileSync(file, randomUUID(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
