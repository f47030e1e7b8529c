import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { sortDiagnostics } from '../../diagnostics/sort-diagnostics.ts';
import { findSingleFailures } from '../../prove/single-failures.ts';
import { type Source, type Understanding, understand } from '../../understand.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { formatGithub } from '../formats/format-github.ts';
import { formatJson } from '../formats/format-json.ts';
import { formatJunit } from '../formats/format-junit.ts';
import { formatPretty } from '../formats/format-pretty.ts';
import { formatSarif } from '../formats/format-sarif.ts';
import { type Paint, paintFor } from '../formats/paint.ts';
import { FORMATS, type Format, type Report } from '../formats/report.ts';
import { tellInvariants } from '../formats/tell-invariants.ts';
import { tellTotality } from '../formats/tell-totality.ts';
import { readArguments } from '../read-arguments.ts';
import { readTests } from '../read-tests.ts';
import { readSources } from '../sources.ts';

const USAGE = `usage: policyc check [paths…] [options]

Reads policy files and folders (./policies where none is named, \`-\` for standard input) and reports every finding at once.

  --format pretty|json|sarif|github|junit   how findings are printed; machine formats go to standard output alone
  --fail-on error|warning                   which findings make the exit code 1 (error)
  --totality                                also which requests hang on a single backend (no finding, no exit code)
  --allow-empty                             no policy at all is fine

exit codes: 0 clean, 1 findings, 2 usage or nothing to check, 3 internal error`;

const FLAGS = {
  format: { type: 'string', values: FORMATS },
  'fail-on': { type: 'string', values: ['error', 'warning'] },
  'allow-empty': { type: 'boolean' },
  totality: { type: 'boolean' },
} as const;

export const command: Command = {
  name: 'check',
  summary: 'find mistakes in a policy',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('check', args, FLAGS);
    const paths = given.paths.length > 0 ? given.paths : ['policies'];
    const read = await readSources(paths, io);
    const understood = understand(read.filter(({ file }) => !isTests(file)));
    if (!given.has('allow-empty') && isEmpty(understood) && !read.some(({ file }) => isTests(file))) {
      throw new UsageError(
        `no policy in ${paths.map((path) => `\`${path}\``).join(', ')}`,
        'name a folder with policy files (`policyc init` writes a first one), or pass `--allow-empty`',
      );
    }
    const understanding = await withTests(understood, read, paths, io);
    const failOn = given.text('fail-on') === 'warning' ? 'warning' : 'error';
    const totality = given.has('totality') && understanding.set !== null ? findSingleFailures(understanding.set) : null;
    print((given.text('format') ?? 'pretty') as Format, understanding, failOn, totality, io);
    const failing = understanding.diagnostics.some(({ severity }) => severity === 'error' || failOn === 'warning');
    return failing ? EXIT.FINDINGS : EXIT.CLEAN;
  },
};

const isTests = (file: string): boolean => /\.test\.ya?ml$/.test(file);

/**
 * Tests are not policy, but a mistake in them is a mistake: what they say of the policy is judged where the policy is whole, and by
 * `policyc test`.
 */
async function withTests(understood: Understanding, read: readonly Source[], paths: readonly string[], io: Io): Promise<Understanding> {
  const folders = paths.filter((path) => path !== '-' && !isTests(path));
  const named = read.filter(({ file }) => isTests(file));
  const beside = folders.length === 0 ? [] : await readSources(folders, io, 'tests');
  const sources = [...new Map([...named, ...beside].map((source) => [source.file, source])).values()].filter(({ file }) => isTests(file));
  if (sources.length === 0) return understood;
  // Tests named alone have no policy here that their names could be looked up in.
  const { set } = understood;
  const { diagnostics } = await readTests(sources, set !== null && set.targets.length > 0 ? set : null, false);
  return {
    ...understood,
    diagnostics: sortDiagnostics([...understood.diagnostics, ...diagnostics]),
    sources: [...understood.sources, ...sources],
  };
}

/** Nothing was read: no file, or only files without a single section. A check that saw nothing must not look like a clean one. */
function isEmpty({ set, sources, diagnostics }: Understanding): boolean {
  if (sources.length === 0) return true;
  if (diagnostics.length > 0 || set === null) return false;
  return set.backends.length === 0 && set.names.length === 0 && set.policies.length === 1 && set.categories.length === 1 && !hasMore(set);
}

function hasMore(set: NonNullable<Understanding['set']>): boolean {
  const { slas, classes, callers, budgets, unenforced, invariants, classifier, tiers } = set;
  const counts = [
    invariants.length,
    slas.length,
    classes.length - 1,
    callers.length - 1,
    budgets.length,
    unenforced.length,
    classifier.keywords.length,
  ];
  return counts.some((count) => count > 0) || Object.keys(tiers).length > 0;
}

function print(format: Format, understanding: Understanding, failOn: Diagnostic['severity'], totality: Report['totality'], io: Io): void {
  const report: Report = { ...understanding, totality };
  const paint = paintFor(io);
  const writers: Record<Format, () => string> = {
    pretty: () => formatPretty(report, paint),
    json: () => formatJson(report),
    sarif: () => formatSarif(report),
    github: () => formatGithub(report),
    junit: () => formatJunit(report, failOn),
  };
  io.stdout.write(writers[format]());
  const summary = summarize(understanding, format === 'pretty' ? paint : paintFor({ env: {}, stdout: { write: () => true } }));
  const out = format === 'pretty' ? io.stdout : io.stderr;
  out.write(`${summary}\n`);
  if (totality && format !== 'json') out.write(tellTotality(totality));
  const proven = understanding.invariants.filter(({ outcome }) => outcome === 'proven');
  if (proven.length === 0) return;
  out.write(`${tellInvariants(proven)}\n`);
  for (const { invariant } of proven) out.write(`  ${paint.green('✓')} ${invariant.name}\n`);
}

/** One line: what was looked at, and what was found. */
export function summarize({ set, sources, diagnostics }: Understanding, paint: Paint): string {
  const seen = [count(sources.filter(({ file }) => !isTests(file)).length, 'file')];
  if (set !== null) seen.push(count(set.targets.length, 'target'), count(set.policies.length - 1, 'traffic policy', 'traffic policies'));
  const errors = countOf(diagnostics, 'error');
  const warnings = countOf(diagnostics, 'warning');
  const found = [
    ...(errors > 0 ? [paint.red(count(errors, 'error'))] : []),
    ...(warnings > 0 ? [paint.yellow(count(warnings, 'warning'))] : []),
  ];
  return `checked ${seen.join(', ')}: ${found.length > 0 ? found.join(', ') : paint.green('no findings')}`;
}

function countOf(diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number {
  return diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
