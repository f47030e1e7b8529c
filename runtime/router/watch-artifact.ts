import type { Gateway } from '../gateway/gateway.ts';
import type { PolicyLoader } from './policy-loader.ts';
import { reportLoad } from './report-load.ts';
import { watchFolder } from './watch-folder.ts';

/** Swaps in what is written to the artifact folder, and says so. */
export function watchArtifact(gateway: Gateway, loader: PolicyLoader): () => void {
  return watchFolder(gateway.config.policy, false, async () => reportLoad(gateway, await loader.look()));
}
