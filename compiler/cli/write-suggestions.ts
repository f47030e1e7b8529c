import { readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { parse } from 'yaml';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { PolicyTest } from '../trial/policy-test.ts';
import { runTests } from '../trial/run-tests.ts';
import type { Candidate } from '../trial/try-router.ts';
import { writeTests } from '../trial/write-test.ts';
import { type Io, UsageError } from './command.ts';
import { readTests } from './read-tests.ts';

const HEADER = `# Tests that \`policyc test --suggest\` wrote: what the policy does today. Read each one; if that is what it should do, give it a name of
# your own and move it to the others.
tests:
`;

/**
 * Adds tests to a file, or makes it; with `force` whatever was in it is replaced. Each is read back and run first: none is written that
 * does not pass. Returns how many were written: those whose name is there already are not. Throws `UsageError` where the file cannot be
 * added to.
 */
export async function writeSuggestions(
  path: string,
  tests: readonly PolicyTest[],
  candidate: Candidate & { readonly set: PolicySet },
  force: boolean,
  io: Io,
): Promise<number> {
  const file = resolve(io.cwd, path);
  const present = force
    ? null
    : await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return null;
        throw new UsageError(`cannot read \`${path}\`: ${cause.code}`, 'name another file with `--suggest-to`');
      });
  const known = new Set(present === null ? [] : namesIn(present, path));
  const added = tests.filter(({ name }) => !known.has(name));
  if (added.length === 0) return 0;
  const before = present === null ? HEADER : present.endsWith('\n') ? present : `${present}\n`;
  const text = `${before}${present === null ? '' : '\n'}${writeTests(added)}`;
  const read = await readTests([{ file: relative(io.cwd, file), text }], candidate.set);
  const names = new Set(added.map(({ name }) => name));
  const results = runTests(
    candidate,
    read.tests.filter(({ test }) => names.has(test.name)),
  );
  const failed = results.find(({ passed }) => !passed);
  if (read.diagnostics.length > 0 || results.length < added.length || failed) {
    throw new Error(
      `suggested tests that do not pass: ${failed?.test.test.name ?? read.diagnostics[0]?.message} ${JSON.stringify(failed?.misses ?? null)}`,
    );
  }
  await writeFile(file, text, force || present !== null ? {} : { flag: 'wx' });
  return added.length;
}

/** Names of the tests in a file that further ones can be put behind. */
function namesIn(text: string, path: string): string[] {
  const refuse = (): UsageError =>
    new UsageError(`\`${path}\` does not end with a list of tests`, 'name another file with `--suggest-to`, or replace it with `--force`');
  let read: unknown;
  try {
    read = parse(text);
  } catch {
    throw refuse();
  }
  const tests = (read as { tests?: unknown } | null)?.tests;
  // What is added is indented by two, below a `tests:` of its own line.
  if (!Array.isArray(tests) || !/^tests:\s*(#.*)?\n(\s*#.*\n|\s*\n)* {2}- /m.test(text) || Object.keys(read as object).at(-1) !== 'tests')
    throw refuse();
  return tests.map((test: { name?: unknown }) => String(test?.name));
}
