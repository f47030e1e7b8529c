import { openStore } from '../store/open-store.ts';
import { locateStore } from '../store/store-location.ts';
import { openAudit } from './audit/open-audit.ts';
import { openContext } from './context/open-context.ts';
import { openKubernetes } from './kubernetes/open-kubernetes.ts';
import { openMachine } from './local/open-machine.ts';
import type { Orchestrator } from './orchestrator.ts';
import { openPeers } from './peers/open-peers.ts';
import { openSpecKit } from './spec-kit/open-spec-kit.ts';
import { openFrames } from './stream/open-frames.ts';
import type { Surroundings } from './surroundings.ts';
import { openWorkloads } from './workloads/open-workloads.ts';
import { prepareContext } from './workloads/prepare-context.ts';

export interface OpenedOrchestrator {
  readonly orchestrator: Orchestrator;
  /** The server listens: what was under way before is taken up again. */
  begin(): void;
  /** Ends what needs the server, while it still serves. */
  close(): Promise<void>;
  /** The server has ended: what was said last is written, and the store closed. */
  end(): Promise<void>;
}

/** Opens every part, each with what it needs of those before it. @throws Failure where the configuration or the store does not allow it. */
export async function openOrchestrator(given: Omit<Surroundings, 'store'>): Promise<OpenedOrchestrator> {
  const store = await openStore(locateStore(given.config.data, given.env));
  const frames = await openFrames({ ...given, store });
  const surroundings: Surroundings = { ...given, store };
  const audit = openAudit(surroundings);
  const context = await openContext(surroundings);
  const machine = await openMachine(surroundings);
  const kubernetes = await openKubernetes(surroundings);
  // Places of this policyd's own: peers may use them, and are no part of them.
  const own = [machine.runner, kubernetes].filter((runner) => runner !== null);
  const opened = await openPeers(surroundings, own);
  const peers = opened?.peers ?? null;
  const runners = peers === null ? own : [...own, peers.runner];
  const prepare = prepareContext(context.context, frames, given.log);
  const workloads = await openWorkloads(surroundings, { frames, runners, prepare });
  const specKit = openSpecKit(surroundings, frames, async (event) => context.context.notify({ type: 'task-update', ...event }));
  return {
    orchestrator: { store, frames, audit, specKit, context: context.context, machine, peers, runners, workloads },
    begin() {
      specKit.begin();
      context.begin();
      opened?.begin();
      workloads.begin();
    },
    async close() {
      await specKit.close();
      await workloads.close();
      await context.close();
      await opened?.close();
      await kubernetes?.close();
      await machine.close();
      frames.dismiss();
    },
    async end() {
      await audit.close();
      await frames.close();
      await store.close();
    },
  };
}
