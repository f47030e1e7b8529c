import type { Policy } from '../parse/merge.ts';
import type { Tree } from '../parse/tree.ts';

const LONGEST = 400;

/** What the author says of a list item: the comment lines right above it, then the one behind its `name`. One line, or null. */
export function commentOf(tree: Tree, policy: Policy): string | null {
  const { file, line, column } = tree.place;
  const above: string[] = [];
  // Only an item that begins its line has lines above that are about it alone.
  if (/^\s*-\s*$/.test(policy.lineOf(file, line).slice(0, column - 1))) {
    for (let at = line - 1; at > 0; at--) {
      const [, comment] = /^\s*#+ ?(.*)$/.exec(policy.lineOf(file, at)) ?? [];
      if (comment === undefined || comment.startsWith('yaml-language-server:')) break;
      above.unshift(comment);
    }
  }
  const name = tree.kind === 'map' ? tree.entries.get('name')?.value : undefined;
  const beside = name?.kind === 'leaf' ? name.beside : null;
  const text = [...above, beside ?? '']
    .join(' ')
    .replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text === '' ? null : text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
