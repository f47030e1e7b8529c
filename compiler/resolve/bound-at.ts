import type { Bound } from '../../schema/policy-set.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Tree } from '../parse/tree.ts';
import type { Desk } from './desk.ts';
import { readBound } from './units.ts';

/** As written in the policy, times `scale`; null where nothing is written. */
export function boundAt(
  written: string | number | undefined,
  scale: number,
  tree: Tree,
  path: readonly string[],
  desk: Desk,
): Bound | null {
  if (written === undefined) return null;
  const read = readBound(written, scale);
  if (read !== null) return read;
  const what = scale === 1 ? 'a whole number' : 'a number with at most six decimals';
  return desk.report(
    'bad-unit',
    spotAt(tree, ...path),
    `\`${written}\` does not compare with ${what}`,
    `write it like this: \`"<${scale === 1 ? '200' : '0.3'}"\``,
  );
}
