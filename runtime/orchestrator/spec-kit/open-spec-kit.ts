import type { Frames } from '../stream/frames.ts';
import type { Surroundings } from '../surroundings.ts';
import { SpecKit, type TaskEvent } from './spec-kit.ts';

/** @param notify tells servers of context of a task. */
export function openSpecKit(
  { config, env, store, log }: Surroundings,
  frames: Frames,
  notify: (event: TaskEvent) => Promise<void>,
): SpecKit {
  const { specKit: folder, specKitTimeout: timeout } = config;
  return new SpecKit({ folder, timeout, path: env.PATH ?? '/usr/local/bin:/usr/bin:/bin', store, frames, log, notify });
}
