import { dirname, join } from 'node:path';
import { FollowedFrames } from '../../../runtime/orchestrator/stream/followed-frames.ts';
import { openStore } from '../../../runtime/store/open-store.ts';
import type { StoreLocation } from '../../../runtime/store/store-location.ts';
import type { Policyd } from '../policyd.ts';

const LIMITS = { frames: 10_000, bytes: 1 << 24, total: 1 << 30, retention: 600_000 };

/** A frame log of this process over the store of a policyd: what another process of a deployment would write. */
export async function openLog(location: StoreLocation, limits: Partial<typeof LIMITS> = {}): Promise<FollowedFrames> {
  const store = await openStore(location);
  const frames = await FollowedFrames.open(store, { ...LIMITS, ...limits }, { redact: (text) => text, log: console, registry: null });
  const close = frames.close.bind(frames);
  return Object.assign(frames, {
    async close() {
      await close();
      await store.close();
    },
  });
}

/** As `openLog`, over the file of a policyd, with `log` frames in a stream. */
export async function writeFrames(
  policyd: Policyd,
  stream: string,
  owner: string | null,
  payloads: readonly unknown[],
): Promise<FollowedFrames> {
  const log = await openLog({ kind: 'sqlite', file: join(dirname(policyd.folder), 'data', 'policyd.sqlite') });
  await Promise.all(payloads.map((payload) => log.append(stream, owner, 'log', payload)));
  return log;
}
