/**
 * Writes `dist/`, what the package holds in place of TypeScript, which Node does not run below `node_modules`. `node deploy/build.ts`;
 * npm does it before it packs. The same sources give the same bytes. Types are not checked here: `npm run check` does.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');
const ROOMS = ['schema', 'compiler', 'runtime'] as const;
/** Folders whose TypeScript is read as text: every router carries the kernel, browsers get the page. */
const TEXTS = ['compiler/emit/kernel', 'runtime/dashboard/page'] as const;
const BINS = ['compiler/cli/bin.js', 'runtime/bin.js'] as const;
/** What the program itself reads of `package.json`. */
const READ = ['name', 'version', 'type', 'dependencies'] as const;

rmSync(DIST, { recursive: true, force: true });
const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' });

for (const file of listFiles(DIST)) {
  if (file.endsWith('.d.ts')) declare(file);
  else if (file.endsWith('.js')) linkModules(file);
}
for (const file of ROOMS.flatMap((room) => listFiles(join(ROOT, room), room)).filter(isResource)) copy(file);
for (const bin of BINS) chmodSync(join(DIST, bin), 0o755);

const all = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;
writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(Object.fromEntries(READ.map((key) => [key, all[key]])), null, 2)}\n`);

/** Types of the schema are the package's; nothing else is imported from it. The compiler leaves `.ts` in their imports. */
function declare(file: string): void {
  const path = join(DIST, file);
  if (!file.startsWith('schema/')) rmSync(path);
  else writeFileSync(path, readFileSync(path, 'utf8').replace(/((?:from|import\()\s*'\.[^']*)\.ts'/g, "$1.js'"));
}

/** The compiler rewrites imports, not the URLs by which threads find their modules. */
function linkModules(file: string): void {
  const path = join(DIST, file);
  const text = readFileSync(path, 'utf8');
  const linked = text.replace(/new URL\('(\.[^']*)\.ts', import\.meta\.url\)/g, (whole, name: string) =>
    existsSync(join(dirname(path), `${name}.js`)) ? `new URL('${name}.js', import.meta.url)` : whole,
  );
  if (linked !== text) writeFileSync(path, linked);
}

/** What is read while the program runs: starters, schemas, pages; but no source, and nothing for readers of the source. */
function isResource(file: string): boolean {
  if (/(^|\/)README\.md$|\.d\.ts$/.test(file)) return false;
  return !/\.[jt]s$/.test(file) || TEXTS.some((folder) => file.startsWith(`${folder}/`));
}

function copy(file: string): void {
  const to = join(DIST, file);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(ROOT, file), to);
}

/** Paths below `folder`, each behind `prefix`, with `/`. */
function listFiles(folder: string, prefix = ''): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(prefix, relative(folder, entry.parentPath), entry.name).replaceAll('\\', '/'))
    .sort();
}
