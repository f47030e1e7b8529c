/**
 * Prints the bill of materials of the package, in CycloneDX: what `npm install` of it brings along, by the lockfile. `node deploy/sbom.ts`.
 *
 * npm alone names the root after the folder that the checkout lies in, and leaves out what a package of the development wants, too, such as
 * `yaml`: so it is asked in a folder of the package's own name, in which there is no development.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

interface Lock {
  readonly packages: Readonly<Record<string, { devDependencies?: object }>>;
}
interface Bill {
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly { readonly name: string }[];
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T;
const { devDependencies: _, ...own } = read<{ name: string; dependencies: object; devDependencies: object }>('package.json');
const lock = read<Lock>('package-lock.json');
delete lock.packages[''].devDependencies;

const home = mkdtempSync(join(tmpdir(), 'policyc-sbom-'));
try {
  const folder = join(home, own.name);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries({ 'package.json': own, 'package-lock.json': lock }))
    writeFileSync(join(folder, name), JSON.stringify(content));
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const bill = execFileSync('npm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  judge(JSON.parse(bill) as Bill);
  process.stdout.write(bill);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** A bill that says less than is installed is worse than none. */
function judge({ metadata, components }: Bill): void {
  const told = new Set(components.map(({ name }) => name));
  const missing = Object.keys(own.dependencies).filter((name) => !told.has(name));
  if (metadata.component.name !== own.name) throw new Error(`the bill is of ${metadata.component.name}, not of ${own.name}`);
  if (missing.length > 0) throw new Error(`the bill leaves out ${missing.join(', ')}; look at what this npm makes of package-lock.json`);
}
