import type { Gateway } from '../gateway/gateway.ts';
import type { LoadResult } from './policy-loader.ts';

/** Says in log and metrics what came of a look at the artifact; nothing where nothing changed. */
export function reportLoad(gateway: Gateway, loaded: LoadResult): void {
  if (loaded.result === 'unchanged') return;
  gateway.metrics.recordLoad(loaded.result);
  if (loaded.result === 'swapped') gateway.log.info({ policy: loaded.router.hash, from: loaded.from }, 'policy swapped');
  else gateway.log.error({ policy: loaded.hash, serving: gateway.cell.active.hash, error: loaded.message }, 'policy refused');
}
