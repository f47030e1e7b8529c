import { join } from 'node:path';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { loadCandidate } from '../../trial/load-candidate.ts';
import { locateIn } from '../../trial/locate.ts';
import { measureCoverage } from '../../trial/measure-coverage.ts';
import { MOST_MUTANTS, mutatePolicy } from '../../trial/mutate/mutate-policy.ts';
import { runMutants, scoreOf } from '../../trial/mutate/run-mutants.ts';
import type { PreparedTest } from '../../trial/prepared-test.ts';
import { runTests } from '../../trial/run-tests.ts';
import { suggestForMutants, suggestForRows } from '../../trial/suggest-tests.ts';
import type { Mutation, TrialReport } from '../../trial/trial-report.ts';
import type { Candidate } from '../../trial/try-router.ts';
import { type Source, understand } from '../../understand.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { formatGithub } from '../formats/format-github.ts';
import { formatJson } from '../formats/format-json.ts';
import { formatJunit } from '../formats/format-junit.ts';
import { formatPretty } from '../formats/format-pretty.ts';
import {
  formatTrialGithub,
  formatTrialJson,
  formatTrialJunit,
  formatTrialPretty,
  TRIAL_FORMATS,
  type TrialFormat,
} from '../formats/format-trial.ts';
import { paintFor } from '../formats/paint.ts';
import { type Arguments, readArguments } from '../read-arguments.ts';
import { readPolicyFolder } from '../read-policy.ts';
import { readTests } from '../read-tests.ts';
import { readSources } from '../sources.ts';
import { writeSuggestions } from '../write-suggestions.ts';

const USAGE = `usage: policyc test [dir] [options]

Runs the tests of a policy folder (\`*.test.yaml\` in ./policies where none is named) against its compiled router, asks the interpreter the
same, and says how much of the policy the tests meet.

  --filter TEXT             only tests with this text in their name
  --coverage                name the rows and branches that no test meets
  --threshold N             least coverage, in percent; names what is missing
  --mutate                  change the policy in one thing at a time: a test should fail for each change
  --mutation-threshold N    least share of changes that tests notice, in percent; takes --mutate for granted
  --mutants N               at most so many of them, evenly spread (4000)
  --suggest                 write tests for what is not covered, and with --mutate for changes that no test notices
  --suggest-to FILE         where to: added at the end (suggested.test.yaml in the folder)
  --force                   replace that file
  --format pretty|json|junit|github   machine formats go to standard output alone

exit codes: 0 all pass, 1 a test fails, errors in the policy or a threshold missed, 2 usage or no tests, 3 internal error`;

const FLAGS = {
  filter: { type: 'string' },
  coverage: { type: 'boolean' },
  threshold: { type: 'string' },
  mutate: { type: 'boolean' },
  'mutation-threshold': { type: 'string' },
  mutants: { type: 'string' },
  suggest: { type: 'boolean' },
  'suggest-to': { type: 'string' },
  force: { type: 'boolean' },
  format: { type: 'string', values: TRIAL_FORMATS },
} as const;

export const command: Command = {
  name: 'test',
  summary: 'run the tests of a policy, and say what they leave out',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('test', args, FLAGS);
    if (given.paths.length > 1) throw new UsageError('`policyc test` takes one folder', 'name the folder that holds all policy files');
    const least = readPercent(given, 'threshold');
    const leastKilled = readPercent(given, 'mutation-threshold');
    const mostMutants = readMutants(given);
    const folder = given.paths[0] ?? 'policies';
    const format = (given.text('format') ?? 'pretty') as TrialFormat;
    await readPolicyFolder(folder, io);
    // Named from the working folder, as the tests are: places are read by people and by CI.
    const sources = await readSources([folder], io);
    const testSources = await readSources([folder], io, 'tests');
    const { set, diagnostics } = understand(sources);
    const { tests, written, diagnostics: found } = await readTests(testSources, set);
    const errors = [...diagnostics, ...found].filter(({ severity }) => severity === 'error');
    if (set === null || errors.length > 0) {
      printFindings(errors, [...sources, ...testSources], format, io);
      return EXIT.FINDINGS;
    }
    if (set.targets.length === 0)
      throw new UsageError(`\`${folder}\` names no backend`, 'declare at least one under `backends:` with one model');
    const chosen = filterTests(tests, given.text('filter'));
    // A run that saw nothing must not look like one that passed; what --suggest writes may be the first tests of all.
    if (chosen.length === 0 && !given.has('suggest')) throw nothingToRun(folder, written, given.text('filter'));

    const locate = locateIn(sources);
    const candidate = await loadCandidate(set);
    const results = runTests(candidate, chosen);
    const coverage = measureCoverage(set, locate, results);
    const passed = results.every((result) => result.passed);
    // What survives tests that fail anyway says nothing.
    const wantsMutants = passed && (given.has('mutate') || leastKilled !== null);
    const mutation = wantsMutants ? await runMutation() : null;
    const report: TrialReport = { results, coverage, mutation };
    if (!passed && (given.has('mutate') || leastKilled !== null))
      io.stderr.write('no mutants were run: there are tests that fail anyway\n');
    const problems = [
      ...missed('coverage', coverage.percent, least),
      ...(mutation === null ? [] : missed('mutation score', mutation.score, leastKilled)),
    ];
    print(report, set, format, given.has('coverage') || least !== null, problems, io);
    if (given.has('suggest') && passed) await suggest(candidate, report, given, folder, io);
    if (results.some(({ disagreement }) => disagreement !== null)) return EXIT.INTERNAL;
    return passed && problems.length === 0 ? EXIT.CLEAN : EXIT.FINDINGS;

    async function runMutation(): Promise<Mutation> {
      const { mutants, all } = mutatePolicy(candidate.set, locate, mostMutants);
      const shown = io.stderr.isTTY === true;
      const ran = await runMutants(candidate, mutants, chosen, (done) => {
        if (shown) io.stderr.write(`\r${done} of ${mutants.length} mutants`);
      });
      if (shown) io.stderr.write('\r\u001b[K');
      return { results: ran, all, score: scoreOf(ran) };
    }
  },
};

function readMutants(given: Arguments): number {
  const text = given.text('mutants');
  if (text === null) return MOST_MUTANTS;
  const most = Number(text);
  if (Number.isInteger(most) && most >= 1 && most <= MOST_MUTANTS) return most;
  throw new UsageError(`\`--mutants\` does not take \`${text}\``, `use a whole number from 1 to ${MOST_MUTANTS}`);
}

function readPercent(given: Arguments, flag: string): number | null {
  const text = given.text(flag);
  if (text === null) return null;
  const percent = Number(text.replace(/%$/, ''));
  if (!(percent >= 0 && percent <= 100)) throw new UsageError(`\`--${flag}\` does not take \`${text}\``, 'use a number from 0 to 100');
  return percent;
}

const filterTests = (tests: readonly PreparedTest[], filter: string | null): readonly PreparedTest[] =>
  filter === null ? tests : tests.filter(({ test }) => test.name.toLowerCase().includes(filter.toLowerCase()));

function nothingToRun(folder: string, written: number, filter: string | null): UsageError {
  if (written === 0)
    return new UsageError(`no tests in \`${folder}\``, 'write some into a file that ends in `.test.yaml`, or let `--suggest` begin');
  return new UsageError(`no test has \`${filter}\` in its name`, 'run without `--filter` to see the names');
}

const missed = (what: string, percent: number, least: number | null): string[] =>
  least === null || percent >= least ? [] : [`${what}: ${Math.floor(percent * 10) / 10} %, at least ${least} % is asked for`];

function printFindings(errors: readonly Diagnostic[], sources: readonly Source[], format: TrialFormat, io: Io): void {
  const report = { diagnostics: errors, sources };
  const writers: Record<Exclude<TrialFormat, 'pretty'>, () => string> = {
    json: () => formatJson(report),
    junit: () => formatJunit(report),
    github: () => formatGithub(report),
  };
  if (format !== 'pretty') io.stdout.write(writers[format]());
  else io.stderr.write(formatPretty(report, paintFor({ env: io.env, stdout: io.stderr })));
  io.stderr.write('no test was run: the policy or its tests have errors\n');
}

function print(
  report: TrialReport,
  set: Candidate['set'],
  format: TrialFormat,
  listed: boolean,
  problems: readonly string[],
  io: Io,
): void {
  const writers: Record<TrialFormat, () => string> = {
    pretty: () => formatTrialPretty(report, set, listed, paintFor(io)),
    json: () => formatTrialJson(report, set),
    junit: () => formatTrialJunit(report, problems),
    github: () => formatTrialGithub(report, problems),
  };
  io.stdout.write(writers[format]());
  for (const problem of problems) io.stderr.write(`error: ${problem}\n`);
}

async function suggest(candidate: Candidate, { coverage, mutation }: TrialReport, given: Arguments, folder: string, io: Io): Promise<void> {
  const survivors = mutation?.results.filter(({ fate }) => fate === 'survived') ?? [];
  const tests = [...suggestForRows(candidate, coverage.uncovered), ...suggestForMutants(candidate, survivors)];
  const file = given.text('suggest-to') ?? join(folder, 'suggested.test.yaml');
  const count = await writeSuggestions(file, tests, candidate, given.has('force'), io);
  io.stderr.write(`${count} test${count === 1 ? '' : 's'} written to ${file}\n`);
}
