import type { Gateway } from '../gateway/gateway.ts';
import { compilePolicy } from './compile-policy.ts';
import { hashFolder, markFolder } from './fingerprint-folder.ts';
import { watchFolder } from './watch-folder.ts';

/** Compiles a policy folder whenever its content changes; the artifact's own watch does the rest. */
export function watchPolicies(gateway: Gateway, folder: string): () => void {
  const { cell, config, log, metrics } = gateway;
  const stopping = new AbortController();
  let mark: string | null = null;
  let hash: string | null | undefined;
  const stop = watchFolder(folder, true, async () => {
    const seen = await markFolder(folder);
    if (seen === mark) return;
    mark = seen;
    const content = await hashFolder(folder);
    const first = hash === undefined;
    if (content === hash) return;
    hash = content;
    // The server has compiled what was there at its start.
    if (first) return;
    const problem =
      content === null ? `the policy folder \`${folder}\` is gone` : await compilePolicy(folder, config.policy, stopping.signal);
    if (problem === null || stopping.signal.aborted) return;
    cell.fail(problem, null);
    metrics.recordLoad('not-compiled');
    log.error({ serving: cell.active.hash, error: problem }, 'policy not compiled');
  });
  return () => {
    stop();
    stopping.abort();
  };
}
