import type { PolicySet } from '../../schema/policy-set.ts';
import type { RouterModule } from '../../schema/router.ts';
import { emit } from '../emit/emit.ts';
import { plan } from '../plan/plan.ts';
import { loadRouter } from '../prove/load-router.ts';
import { understand } from '../understand.ts';
import { VERSION } from '../version.ts';

export interface LoadedPolicy {
  readonly set: PolicySet;
  readonly router: RouterModule;
  /** Statements of `route`. */
  readonly statements: number;
  /** The same router once more, with machine code of its own. */
  again(): LoadedPolicy;
}

/** A router from one text of policy, as `compile` would write it. Throws what was found where the policy has errors. */
export async function loadPolicy(text: string): Promise<LoadedPolicy> {
  const { set, diagnostics } = understand([{ file: 'bench.yaml', text }]);
  if (set === null) throw new Error(diagnostics.map(({ rule, message }) => `${message} [${rule}]`).join('\n'));
  return await loadSet(set);
}

export async function loadSet(set: PolicySet): Promise<LoadedPolicy> {
  const { loadable, statements } = await emit(set, plan(set), { compiler: VERSION, sources: [] });
  let loads = 0;
  // Equal texts would share their compiled code.
  const load = (): LoadedPolicy => ({ set, router: loadRouter(`${loadable}\n// load ${loads++}`), statements, again: load });
  return load();
}
