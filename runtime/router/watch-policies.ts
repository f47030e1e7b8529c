import type { Gateway } from '../gateway/gateway.ts';
import { compilePolicy } from './compile-policy.ts';
import { hashFolder, markFolder } from './fingerprint-folder.ts';
import { watchFolder } from './watch-folder.ts';

/**
 * Compiles a policy folder whenever its content changes; the artifact's own watch does the rest.
 *
 * @param compiled hash of the content that was compiled last, taken before it was.
 */
export function watchPolicies(gateway: Gateway, folder: string, compiled: string | null): () => void {
  const { cell, config, policy } = gateway;
  const stopping = new AbortController();
  let mark: string | null = null;
  let hash = compiled;
  let told = cell.lastError;
  const stop = watchFolder(folder, true, async () => {
    const seen = await markFolder(folder);
    if (seen !== null) policy.freshness.confirm('policies');
    if (seen === mark) return;
    mark = seen;
    const content = await hashFolder(folder);
    if (content === hash) return;
    hash = content;
    const problem =
      content === null ? `the policy folder \`${folder}\` is gone` : await compilePolicy(folder, config.policy, stopping.signal);
    if (stopping.signal.aborted) return;
    // What is mended by going back to what serves makes no new artifact that would clear the error.
    if (told !== null && cell.lastError === told) cell.lastError = null;
    if (problem === null) return;
    told = cell.fail(problem, null);
    policy.trail.add('not-compiled', cell.active.hash, null, 'policy folder', problem);
  });
  return () => {
    stop();
    stopping.abort();
  };
}
