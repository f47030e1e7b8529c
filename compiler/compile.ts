import type { PolicySet } from '../schema/policy-set.ts';
import { type Artifact, build } from './build.ts';
import type { Diagnostic } from './diagnostics/diagnostic.ts';
import { type Source, understand } from './understand.ts';

/** What a policy folder compiles to. */
export interface Compilation {
  readonly diagnostics: readonly Diagnostic[];
  readonly set: PolicySet | null;
  /** Null where an error forbids it. */
  readonly artifact: Artifact | null;
}

/** The one path: text → meaning → plan → page → proof → artifact. Pure: the same sources give the same bytes. */
export async function compile(sources: readonly Source[]): Promise<Compilation> {
  const { set, diagnostics, sources: read, invariants } = understand(sources);
  if (set === null || diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics, set, artifact: null };
  const proven = invariants.map(({ invariant: { name }, cells }) => ({ name, cells }));
  return { diagnostics, set, artifact: await build(set, read, proven) };
}
