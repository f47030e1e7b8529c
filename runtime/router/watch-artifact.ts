import type { Gateway } from '../gateway/gateway.ts';
import type { PolicyLoader } from './policy-loader.ts';
import { watchFolder } from './watch-folder.ts';

/** Swaps in what is written to the artifact folder, and says so. */
export function watchArtifact(gateway: Gateway, loader: PolicyLoader): () => void {
  return watchFolder(gateway.config.policy, false, async () => {
    const loaded = await loader.look();
    if (loaded.result === 'unchanged') return;
    gateway.metrics.recordLoad(loaded.result);
    if (loaded.result === 'swapped') gateway.log.info({ policy: loaded.router.hash, from: loaded.from }, 'policy swapped');
    else gateway.log.error({ policy: loaded.hash, serving: gateway.cell.active.hash, error: loaded.message }, 'policy refused');
  });
}
