import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Import {
  /** Path from the root. */
  readonly from: string;
  /** Path from the root where it is one of ours, else the package's name as written. */
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Every import of every source file below a folder: static, dynamic, and of other modules' exports. */
function importsOf(folder: string): Import[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|js)$/.test(name));
  return files.flatMap((name) => {
    const from = posix.join(folder, name.replaceAll('\\', '/'));
    const text = readFileSync(join(ROOT, from), 'utf8');
    const statements = text.matchAll(/^(?:import|export)\s(?:(type)\s)?(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm);
    return [...statements].map(([, type, statical, dynamic]) => {
      const to = statical ?? dynamic;
      return { from, to: to.startsWith('.') ? posix.join(dirname(from), to) : to, typeOnly: type === 'type' };
    });
  });
}

/** The law of who may import whom: first that the eye sees `known`, then that nothing is a breach. */
function expectLaw(imports: readonly Import[], known: { from: string; to: string }, isBreach: (found: Import) => boolean): void {
  const sees = imports.some(({ from, to }) => from === known.from && to === known.to);
  expect(sees, `the law sees that ${known.from} imports ${known.to}`).toBe(true);
  expect(imports.filter(isBreach).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
}

const isIn = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** The public name under which emitted pages import the vocabulary. */
const SCHEMA = 'policyc/schema';

test('the compiler does not import the runtime, nor what is generated', () => {
  expectLaw(
    importsOf('compiler'),
    { from: 'compiler/compile.ts', to: 'compiler/build.ts' },
    ({ to }) => isIn(to, 'runtime') || isIn(to, 'generated') || isIn(to, 'test'),
  );
});

test('the runtime does not import the compiler, nor what is generated', () => {
  expectLaw(
    importsOf('runtime'),
    { from: 'runtime/main.ts', to: 'runtime/server.ts' },
    ({ to }) => isIn(to, 'compiler') || isIn(to, 'generated') || isIn(to, 'test'),
  );
});

test('the schema imports nothing', () => {
  expectLaw(importsOf('schema'), { from: 'schema/index.ts', to: 'schema/vocabulary.ts' }, ({ to }) => !isIn(to, 'schema'));
});

test('what is generated imports types of the schema, and its kernel', () => {
  expectLaw(
    importsOf('generated'),
    { from: 'generated/router.ts', to: SCHEMA },
    ({ to, typeOnly }) => !(to === SCHEMA && typeOnly) && to !== 'generated/kernel.ts',
  );
});

test('one file imports ts-morph', () => {
  const found = [...importsOf('compiler'), ...importsOf('runtime'), ...importsOf('schema')].filter(({ to }) => to === 'ts-morph');
  expect([...new Set(found.map(({ from }) => from))]).toEqual(['compiler/emit/typescript.ts']);
});

/** What each phase of the compiler may import beside itself and the schema. Where two phases meet, they do so in `compiler/*.ts`. */
const ACQUAINTANCES = {
  diagnostics: [],
  parse: ['diagnostics'],
  validate: ['diagnostics', 'parse'],
  resolve: ['diagnostics', 'parse'],
  analyze: ['diagnostics'],
  // The oracle: a fault in a table, in the plan or in the ink must not be able to reach it.
  interpret: [],
  constraints: ['plan'],
  plan: ['constraints', 'emit', 'resolve'],
  emit: ['constraints', 'plan'],
  // Who governs whom is worked out once, for findings and for invariants; what became of an invariant is a finding.
  prove: ['analyze', 'constraints', 'diagnostics', 'interpret'],
  // Two routers side by side: what they decide is theirs to say.
  diff: [],
  replay: ['diff'],
  sign: [],
} as const;

const KNOWN: Readonly<Record<keyof typeof ACQUAINTANCES, { from: string; to: string }>> = {
  diagnostics: { from: 'compiler/diagnostics/finding.ts', to: 'compiler/diagnostics/diagnostic.ts' },
  parse: { from: 'compiler/parse/parse.ts', to: 'compiler/parse/read-yaml.ts' },
  validate: { from: 'compiler/validate/validate.ts', to: 'compiler/validate/describe-fault.ts' },
  resolve: { from: 'compiler/resolve/resolve.ts', to: 'compiler/resolve/desk.ts' },
  analyze: { from: 'compiler/analyze/analyze.ts', to: 'compiler/analyze/rules/shadowed.ts' },
  interpret: { from: 'compiler/interpret/interpret.ts', to: 'compiler/interpret/trial.ts' },
  constraints: { from: 'compiler/constraints/constraints.ts', to: 'compiler/constraints/tier.ts' },
  plan: { from: 'compiler/plan/plan.ts', to: 'compiler/plan/plan-axis.ts' },
  emit: { from: 'compiler/emit/emit.ts', to: 'compiler/emit/write-page.ts' },
  diff: { from: 'compiler/diff/diff.ts', to: 'compiler/diff/tasks.ts' },
  replay: { from: 'compiler/replay/replay.ts', to: 'compiler/diff/side.ts' },
  sign: { from: 'compiler/sign/signature.ts', to: 'schema/signature.ts' },
  prove: { from: 'compiler/prove/self-test.ts', to: 'compiler/interpret/interpret.ts' },
};

describe('phases are strangers', () => {
  test.each(Object.keys(ACQUAINTANCES) as (keyof typeof ACQUAINTANCES)[])('%s', (phase) => {
    const own = [phase, ...ACQUAINTANCES[phase]].map((name) => `compiler/${name}`);
    const isBreach = ({ to }: Import): boolean =>
      isIn(to, 'compiler') && !own.some((folder) => isIn(to, folder)) && to !== 'compiler/version.ts';
    expectLaw(importsOf(`compiler/${phase}`), KNOWN[phase], isBreach);
  });
});

test('disk, network and processes are the business of the command line alone', () => {
  const impure = /^node:(fs|fs\/promises|http|https|net|child_process|worker_threads|sqlite|os|readline)$/;
  // The text of the kernel is a part of the program, which happens to lie on a disk.
  const isCore = (from: string): boolean =>
    !isIn(from, 'compiler/cli') && !isIn(from, 'compiler/bench') && from !== 'compiler/emit/kernel-text.ts';
  expectLaw(
    importsOf('compiler'),
    { from: 'compiler/emit/kernel-text.ts', to: 'node:fs' },
    ({ from, to }) => isCore(from) && impure.test(to),
  );
});
