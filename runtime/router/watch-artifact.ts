import type { Gateway } from '../gateway/gateway.ts';
import { watchFolder } from './watch-folder.ts';

/** Swaps in what is written to the artifact folder. */
export function watchArtifact(gateway: Gateway): () => void {
  return watchFolder(gateway.config.policy, false, async () => {
    await gateway.policy.loader.look();
  });
}
