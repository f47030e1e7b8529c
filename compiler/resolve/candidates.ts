import type { Target } from '../../schema/policy-set.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Tree } from '../parse/tree.ts';
import type { Desk, Register } from './desk.ts';
import { isLiteral, matches, refuseGlob } from './glob.ts';

/** Globs over model names as a list, null where one cannot be used. A plain name among them must be a real model's. */
export function checkGlobs(
  written: string | readonly string[],
  tree: Tree,
  path: readonly string[],
  real: Register | null,
  desk: Desk,
): readonly string[] | null {
  const globs = [written].flat() as readonly string[];
  let usable = true;
  for (const [row, glob] of globs.entries()) {
    const spot = spotAt(tree, ...path, row);
    const refusal = refuseGlob(glob);
    if (refusal !== null) {
      desk.report('bad-glob', spot, refusal[0], refusal[1]);
      usable = false;
    } else if (real !== null && isLiteral(glob) && real.find(glob, spot, desk) === null) usable = false;
  }
  return usable ? globs : null;
}

/** Rows of the targets whose model matches one of the globs, ascending. */
export function targetsOf(globs: readonly string[], targets: readonly Target[], models: readonly { readonly name: string }[]): number[] {
  const holds = models.map(({ name }) => globs.some((glob) => matches(glob, name)));
  return targets.flatMap((target, row) => (holds[target.model] ? [row] : []));
}
