import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../failure.ts';
import { CapacityProbe } from '../capacity/capacity-probe.ts';
import { type NodeCap, offerOf, readNodeCap, readNodeLabels } from '../capacity/node-options.ts';
import { readRunners } from '../read-runners.ts';
import type { Surroundings } from '../surroundings.ts';
import { inspectConfinement } from './confinement.ts';
import { findRunCgroups } from './find-cgroups.ts';
import { listClosedFolders } from './list-closed-folders.ts';
import { LocalRunner } from './local-runner.ts';
import { readRunIdentity } from './run-identity.ts';
import { makeShelf } from './run-shelf.ts';

/** Longest wait for GPUs to be found at start, in ms; later they come by themselves. */
const GPU_PATIENCE = 2_000;

/** This machine: what it has, and the runner of its processes. */
export interface OpenedMachine {
  readonly probe: CapacityProbe;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: `--runners` leaves it out, or the system is not Linux. */
  readonly runner: LocalRunner | null;
  /** What is not kept from runs here, for people. */
  readonly notEnforced: readonly string[];
  close(): Promise<void>;
}

/** Measures this machine and takes up its runs. @throws Failure `[config]` with everything that is wrong with its options */
export async function openMachine({ config, log }: Pick<Surroundings, 'config' | 'log'>): Promise<OpenedMachine> {
  const problems: string[] = [];
  const labels = readNodeLabels(config.nodeLabels, problems);
  const cap = readNodeCap(config.nodeCapacity, problems);
  const wanted = readRunners(config.runners, problems).includes('local');
  const linux = process.platform === 'linux';
  const runs = wanted && linux;
  const identity = runs ? readRunIdentity(config.runAs, problems) : null;
  const cgroups = runs ? findRunCgroups(config.runCgroup, problems) : { folders: [] };
  if (problems.length > 0) throw new Failure('config', problems, 'run `policyd --help` for every flag and variable');
  if (wanted && !linux) log.warn({ platform: process.platform }, 'workloads run as processes on Linux only: this machine takes none');
  const probe = new CapacityProbe();
  // A driver that hangs must not hold up the server.
  await Promise.race([probe.start(), sleep(GPU_PATIENCE, undefined, { ref: false })]);
  if (!runs) return { probe, labels, runner: null, notEnforced: [], close: async () => probe.close() };

  const folder = resolve(join(config.data, 'runs'));
  await makeShelf(folder);
  const confinement = await inspectConfinement(identity, cgroups);
  const closed = identity === null ? [] : listClosedFolders(folder, identity);
  const notEnforced = [
    ...confinement.notEnforced,
    ...(closed.length === 0
      ? []
      : [
          `runs have their folder as the working folder only, and cannot reach it as \`$HOME\`: user ${identity!.uid} may not pass ${closed.join(', ')}`,
        ]),
  ];
  log.info({ as: identity ?? 'the same user', notEnforced }, 'this machine takes workloads');
  const runner = await LocalRunner.open({
    folder,
    confinement,
    logLimit: config.runLogLimit,
    retention: config.runRetention,
    offer: () => describeOffer(probe, cap, labels),
    report: (what, run, error) => log.warn({ run, reason: (error as Error).message }, what),
  });
  return {
    probe,
    labels,
    runner,
    notEnforced,
    async close() {
      await runner.close();
      probe.close();
    },
  };
}

function describeOffer(
  probe: CapacityProbe,
  cap: NodeCap,
  labels: Readonly<Record<string, string>>,
): ReturnType<Parameters<typeof LocalRunner.open>[0]['offer']> {
  const { current } = probe;
  return { total: offerOf(current, cap), labels, load: current.load, freeMemoryBytes: current.freeMemoryBytes };
}
