import type { Gateway } from '../gateway/gateway.ts';
import { markFolder } from './fingerprint-folder.ts';
import { readArtifact } from './load-artifact.ts';
import { watchFolder } from './watch-folder.ts';

/** Puts what is written to an artifact folder into the shadow; what is half-written, or broken, leaves the one that is there. */
export function watchShadow({ policy, log }: Gateway, folder: string): () => void {
  const { loader, shadow } = policy;
  let seen: string | null = null;
  let told = '';
  return watchFolder(folder, false, async () => {
    const mark = await markFolder(folder);
    if (mark === seen) return;
    try {
      const files = await readArtifact(folder, loader.trust);
      seen = mark;
      if (files.manifest.hash === shadow.status?.hash) return;
      await loader.offer({ read: () => files, source: folder, by: 'shadow folder', replaces: () => true, entry: 'shadow' });
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) log.warn({ folder, error: message }, 'no shadow');
      told = message;
    }
  });
}
