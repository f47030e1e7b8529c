import type { Surroundings } from '../surroundings.ts';
import { FollowedFrames } from './followed-frames.ts';
import type { Frames } from './frames.ts';

/** Frames as policyd keeps them, by its configuration. */
export async function openFrames({ store, config, log, registry, redactor }: Surroundings): Promise<Frames> {
  const limits = { frames: config.streamFrames, bytes: config.streamBytes, total: config.streamTotal, retention: config.streamRetention };
  return FollowedFrames.open(store, limits, { redact: (text) => redactor.redact(text), log, registry });
}
