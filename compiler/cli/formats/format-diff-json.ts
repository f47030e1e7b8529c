import type { PolicyDiff } from '../../diff/diff.ts';

/** The comparison whole, as JSON; renames as lists of pairs. */
export function formatDiffJson({ renames, ...rest }: PolicyDiff): string {
  const { backends, targets, policies } = renames;
  return `${JSON.stringify({ ...rest, renames: { backends: [...backends], targets: [...targets], policies: [...policies] } }, null, 2)}\n`;
}
