/** Kinds of places that policyd can run workloads at by itself; peers are found. */
export const RUNNER_KINDS = ['local', 'kubernetes'] as const;
export type RunnerKind = (typeof RUNNER_KINDS)[number];

/** `--runners`: a comma list, or `none`. What is wrong is added to `problems`. */
export function readRunners(text: string, problems: string[]): RunnerKind[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === 'none') return [];
  for (const word of words) {
    if (!RUNNER_KINDS.some((kind) => kind === word)) {
      problems.push(
        `\`--runners\` must be a list of ${RUNNER_KINDS.map((kind) => `\`${kind}\``).join(', ')}, or \`none\`, not \`${word}\``,
      );
    }
  }
  return RUNNER_KINDS.filter((kind) => words.includes(kind));
}
