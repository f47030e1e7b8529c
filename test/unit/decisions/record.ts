import type { Question } from '../../../compiler/interpret/interpret.ts';
import { countsOf } from '../../../compiler/prove/cells.ts';
import { loadRouter } from '../../../compiler/prove/load-router.ts';
import type { DecisionFacts } from '../../../runtime/decisions/decision-facts.ts';
import type { Manifest } from '../../../schema/manifest.ts';
import type { Live, RouterModule } from '../../../schema/router.ts';

/** A compiled policy as the runtime has it. */
export interface Served {
  readonly hash: string;
  readonly manifest: Manifest;
  readonly module: RouterModule;
}

export function serve(files: ReadonlyMap<string, string>): Served {
  const manifest = JSON.parse(files.get('manifest.json')!) as Manifest;
  return { hash: manifest.hash, manifest, module: loadRouter(files.get('router.js')!) };
}

/** A decision as the gateway makes it; null where there is nothing to decide. */
export function decide(
  router: Served,
  live: Live,
  { body, hints, caller, tokens }: Question,
  options: { requestId?: string; tried?: readonly number[]; exact?: boolean } = {},
): DecisionFacts | null {
  const { module } = router;
  const intent = module.analyze(body, hints, caller, countsOf(tokens, options.exact ?? true));
  if (intent.problem !== 0) return null;
  const tried = options.tried ?? [];
  const code = module.decide(intent, live, module.exclude(live, tried));
  return { requestId: options.requestId ?? 'r-1', router, intent, live, tried, code, micros: 4.26 };
}
