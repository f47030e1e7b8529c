import type { Place, PolicySet } from '../../../schema/policy-set.ts';
import { describeWitness } from '../../trial/suggest-tests.ts';
import type { Coverage, Mutation, TrialReport } from '../../trial/trial-report.ts';
import { escapeXml } from './format-junit.ts';
import { escapeData, escapeProperty } from './format-github.ts';
import { explainFailure, formatTestResults } from './format-test-results.ts';
import { type Paint, paintFor } from './paint.ts';

export const TRIAL_FORMATS = ['pretty', 'json', 'junit', 'github'] as const;
export type TrialFormat = (typeof TRIAL_FORMATS)[number];

const PLAIN = paintFor({ env: {}, stdout: { write: () => true } });
const KINDS = { policy: 'policies', category: 'categories', class: 'classes', condition: 'conditions, both sides' } as const;
const MORE_KINDS = { alias: 'aliases', fallback: 'fallbacks', budget: 'budgets at limits', target: 'targets chosen' } as const;

/** For people. `listed`: name what is not covered, not only how much. */
export function formatTrialPretty({ results, coverage, mutation }: TrialReport, set: PolicySet, listed: boolean, paint: Paint): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const passed = `${results.length - failed} passed`;
  const lines = [
    `${formatTestResults(results, paint)}`,
    `${failed > 0 ? `${paint.red(`${failed} failed`)}, ${passed}` : paint.green(passed)}`,
    ...formatCoverage(coverage, listed, paint),
    ...(mutation === null ? [] : formatMutation(mutation, set, paint)),
  ];
  return `${lines.join('\n')}\n`;
}

function formatCoverage({ rows, uncovered, percent }: Coverage, listed: boolean, paint: Paint): string[] {
  const headline = `coverage: ${rows.length - uncovered.length} of ${rows.length} rows and branches, ${percentOf(percent)}`;
  if (!listed) return [uncovered.length === 0 ? headline : `${headline} ${paint.dim('(--coverage names the others)')}`];
  const table = Object.entries({ ...KINDS, ...MORE_KINDS }).flatMap(([kind, title]) => {
    const all = rows.filter((row) => row.kind === kind).length;
    const missing = uncovered.filter((row) => row.kind === kind).length;
    return all === 0 ? [] : [`  ${title.padEnd(24)} ${String(all - missing).padStart(4)} of ${all}`];
  });
  const width = Math.max(0, ...uncovered.map(({ place }) => placeOf(place).length));
  const missed = uncovered.map(({ what, place }) => `    ${paint.dim(placeOf(place).padEnd(width))}  ${what}`);
  return [headline, ...table, ...(missed.length > 0 ? ['  not covered', ...missed] : [])];
}

function formatMutation({ results, all, score }: Mutation, set: PolicySet, paint: Paint): string[] {
  const of = (fate: string) => results.filter((result) => result.fate === fate);
  const [killed, survived, unknown, equivalent] = [of('killed'), of('survived'), of('unknown'), of('equivalent')];
  const sampled = all > results.length ? ` (a sample of ${all})` : '';
  const lines = [`mutation: ${killed.length} of ${results.length - equivalent.length} mutants killed, ${percentOf(score)}${sampled}`];
  for (const { mutant, witness } of survived) {
    lines.push(`  ${paint.red('survived')} ${mutant.what}  ${paint.dim(placeOf(mutant.place))}`);
    lines.push(paint.dim(`    would be killed by ${describeWitness(set, witness!)}`));
  }
  for (const { mutant } of unknown) {
    lines.push(`  ${paint.yellow('survived')} ${mutant.what}  ${paint.dim(placeOf(mutant.place))}`);
    lines.push(paint.dim('    no request was found that tells it, in a sample: the policy has too many kinds of requests to look at all'));
  }
  if (equivalent.length > 0) {
    lines.push(`  ${equivalent.length} more are not counted: no kind of request, in any state, tells them from the policy`);
  }
  return lines;
}

/** `{"tests":[…],"coverage":{…},"mutation":{…}|null}`; lines and columns start at 1. */
export function formatTrialJson({ results, coverage, mutation }: TrialReport, set: PolicySet): string {
  const report = {
    tests: results.map(({ test, outcome, misses, disagreement, passed }) => ({
      name: test.test.name,
      ...placeFields(test.spot.place),
      passed,
      decision: outcome.decision,
      target: outcome.target,
      policy: outcome.policy,
      category: outcome.category,
      class: outcome.class,
      misses: misses.map(({ path, expected, got }) => ({ path: path.join('.'), expected, got })),
      disagreement,
    })),
    coverage: {
      rows: coverage.rows.length,
      covered: coverage.rows.length - coverage.uncovered.length,
      percent: rounded(coverage.percent),
      uncovered: coverage.uncovered.map(({ kind, what, place }) => ({ kind, what, ...placeFields(place) })),
    },
    mutation: mutation && {
      mutants: mutation.results.length,
      all: mutation.all,
      score: rounded(mutation.score),
      results: mutation.results.map(({ mutant, fate, killer, witness }) => ({
        what: mutant.what,
        ...placeFields(mutant.place),
        fate,
        killer,
        witness: witness && describeWitness(set, witness),
      })),
    },
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** JUnit XML, one case a test; what else makes the command fail (`problems`) is a case of its own. */
export function formatTrialJunit({ results }: TrialReport, problems: readonly string[]): string {
  const cases = results.map((result) => {
    const { test, passed, misses } = result;
    const head = `    <testcase name="${escapeXml(test.test.name)}" classname="${escapeXml(test.spot.place.file)}"`;
    if (passed) return `${head}/>\n`;
    const message = misses.map(({ path, expected, got }) => `${path.join('.')}: expected ${expected}, got ${got}`).join('; ');
    const text = explainFailure(result, PLAIN).join('\n');
    return `${head}>\n      <failure type="failed" message="${escapeXml(message)}">${escapeXml(text)}</failure>\n    </testcase>\n`;
  });
  const limits = problems.map(
    (problem) =>
      `    <testcase name="${escapeXml(problem.split(':')[0])}" classname="policyc.test">\n      <failure type="threshold" message="${escapeXml(problem)}"/>\n    </testcase>\n`,
  );
  const failures = results.filter(({ passed }) => !passed).length + problems.length;
  const counts = `tests="${results.length + problems.length}" failures="${failures}" errors="0" skipped="0"`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<testsuites name="policyc" ${counts}>\n  <testsuite name="policyc test" ${counts}>\n${cases.join('')}${limits.join('')}  </testsuite>\n</testsuites>\n`
  );
}

/** Workflow commands: an error beside every test that fails, and one for everything else that makes the command fail. */
export function formatTrialGithub({ results }: TrialReport, problems: readonly string[]): string {
  const failed = results
    .filter(({ passed }) => !passed)
    .map((result) => {
      const { file, line, column } = result.test.spot.place;
      const title = escapeProperty(`test failed: ${result.test.test.name}`);
      const text = explainFailure(result, PLAIN).join('\n');
      return `::error file=${escapeProperty(file)},line=${line},col=${column},title=${title}::${escapeData(text)}\n`;
    });
  return [...failed, ...problems.map((problem) => `::error title=policyc test::${escapeData(problem)}\n`)].join('');
}

const placeFields = ({ file, line, column }: Place) => ({ file, line, column });
const placeOf = ({ file, line }: Place): string => `${file}:${line}`;
const rounded = (percent: number): number => Math.floor(percent * 10) / 10;
/** Rounded down: 99.96 % is not all. */
const percentOf = (percent: number): string => `${rounded(percent)} %`;
