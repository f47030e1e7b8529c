import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';

/** A protected pattern that the name of no workload can match: what it was written for can be evicted. */
export const rule: AnalysisRule = {
  slug: 'empty-protection',
  check({ workloads }) {
    return workloads.protected.flatMap(({ glob, place }) => {
      const odd = findOdd(glob);
      return odd === null
        ? []
        : [
            finding(
              'empty-protection',
              { place, length: 1 },
              `no workload can have a name like \`${glob}\`: \`${odd}\` is in none, so this protects nothing`,
              'names have small letters, digits, `-` and `.` alone: write the name without its namespace, such as `kube-*`',
            ),
          ];
    });
  },
};

/** A character that stands in every name that the pattern matches, and in no name of a workload or pod; null where none does for sure. */
function findOdd(glob: string): string | null {
  // `**` stands for no folder, too; quotes and `./` may mean nothing; what is in brackets is not certain where they hold others.
  if (/\*\*|"|\.\/|\[[!^]?\]|\[.*\{|\{.*\[/.test(glob)) return null;
  // What stands in brackets or braces is one of several.
  const certain = glob.replaceAll(/\\(.)|\[[^\]]*\]|\{.*\}|[*?]/g, (_, escaped?: string) => escaped ?? '');
  return /[^a-z0-9.-]/.exec(certain)?.[0] ?? null;
}
