import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Shell } from '../docs/shell.ts';
import { installPacked, type PackageFile } from './install-packed.ts';
import { pack } from './pack.ts';
import { tryPackage } from './try-package.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGES = join(ROOT, 'node_modules');

let archive: string;
let project: string;
let installed: string;
let own: PackageFile;
let files: readonly string[];

/** A project that holds the packed package and its dependencies, as after `npm install`, which `registry.test.ts` does for real. */
beforeAll(() => {
  archive = pack();
  project = mkdtempSync(join(tmpdir(), 'policyc-project-'));
  installed = join(project, 'node_modules/policyc');
  own = installPacked(archive, project);
  files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
}, 120_000);
afterAll(() => {
  rmSync(project, { recursive: true, force: true });
  rmSync(dirname(archive), { recursive: true, force: true });
});

const read = (file: string): string => readFileSync(join(installed, file), 'utf8');
const scripts = (): readonly string[] => files.filter((file) => file.endsWith('.js'));

test('in an empty project the commands lead from no policy to an answer, and to the next policy', { timeout: 300_000 }, () =>
  tryPackage(
    project,
    '',
    (env) => new Shell(project, { ...env, PATH: `${project}/node_modules/.bin:${dirname(process.execPath)}:/usr/bin:/bin` }),
  ),
);

test('a compiled router is type-checked against the types of the package', () => {
  expect(existsSync(join(project, 'generated/router.ts')), 'the test before has compiled one').toBe(true);
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    // The kernel measures bytes with `TextEncoder`, which browsers' types and those of Node both declare.
    lib: ['es2024', 'dom'],
    types: [],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    allowImportingTsExtensions: true,
  };
  const check = (): string => {
    try {
      return execFileSync(process.execPath, [join(PACKAGES, 'typescript/bin/tsc'), '-p', project], { encoding: 'utf8' });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['generated', '*.ts'] }));
  expect(check()).toBe('');
  writeFileSync(join(project, 'wrong.ts'), "import type { Zone } from 'policyc/schema';\nexport const zone: Zone = 'nowhere';\n");
  expect(check()).toContain('wrong.ts(2,14): error TS2322: Type \'"nowhere"\' is not assignable');
});

test('every export and command is there', () => {
  const paths = [
    ...Object.values(own.exports).flatMap((to) => (typeof to === 'string' ? [to] : Object.values(to))),
    ...Object.values(own.bin),
  ];
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths) expect(existsSync(join(installed, path)), path).toBe(true);
  const script = "import { CAPABILITIES } from 'policyc/schema'; import s from 'policyc/schema/policy.schema.json' with { type: 'json' };";
  const args = ['--input-type=module', '-e', `${script} console.log(Object.keys(CAPABILITIES).length > 0, s.title)`];
  expect(execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' })).toBe('true PolicyDocument\n');
});

test('what a module finds by its own place is in the package', () => {
  const found = scripts().flatMap((file) =>
    [...read(file).matchAll(/(?:new URL\('(\.[^']*)', import\.meta\.url\)|import\.meta\.resolve\('(\.[^']*)'\))/g)].map(
      ([, url, resolved]) => ({
        file,
        to: url ?? resolved,
      }),
    ),
  );
  expect(found.map(({ to }) => to)).toContain('./sqlite-thread.js');
  // The Node that `npm ci` brings into a checkout.
  const named = found.filter(({ to }) => !to.endsWith('/node_modules/node/bin/node'));
  expect(named.filter(({ file, to }) => !existsSync(join(installed, dirname(file), to)))).toEqual([]);
});

/** Engines that `policyc bench --rivals` measures as far as they are installed. */
const RIVALS = ['casbin', '@cedar-policy/cedar-wasm', 'json-rules-engine', '@marcbachmann/cel-js'];

test('modules import each other as JavaScript, and packages that are dependencies', () => {
  const imports = scripts().flatMap((file) =>
    [
      ...read(file).matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)|\brequire\([`']([^`']+)[`']\)/gm),
    ].map(([, a, b, c]) => ({ file, to: a ?? b ?? c })),
  );
  const near = imports.filter(({ to }) => to.startsWith('.'));
  expect(near.length).toBeGreaterThan(500);
  expect(near.filter(({ file, to }) => !existsSync(join(installed, dirname(file), to)))).toEqual([]);
  const far = imports.filter(({ to }) => !to.startsWith('.') && !isBuiltin(to));
  const names = new Set(far.map(({ to }) => to.split('/', to.startsWith('@') ? 2 : 1).join('/')));
  expect(names).toContain('fastify');
  const undeclared = [...names].filter((name) => !(name in own.dependencies) && !RIVALS.includes(name));
  expect(undeclared).toEqual([]);
});

test('the package holds what runs, and nothing else', () => {
  expect(files.filter((file) => /^dist\/(compiler|runtime)\//.test(file) && file.endsWith('.d.ts'))).toEqual([]);
  const strays = files.filter((file) => !file.startsWith('dist/'));
  expect(strays.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  // Nothing of it runs while it is installed.
  expect(Object.keys(own.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
  for (const bin of Object.values(own.bin)) expect(read(bin)).toMatch(/^#!\/usr\/bin\/env node\n/);
});
