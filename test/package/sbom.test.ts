import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly type: string;
}
interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const own = JSON.parse(read('package.json')) as { name: string; version: string; dependencies: Record<string, string> };
let bill: Bill;
beforeAll(() => {
  const made = execFileSync(process.execPath, ['deploy/sbom.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  bill = JSON.parse(made) as Bill;
}, 120_000);

test('the bill of materials is of the package, whatever folder it is made in', () => {
  const { name, version, purl, type } = bill.metadata.component;
  expect({ name, version, purl, type }).toEqual({
    name: own.name,
    version: own.version,
    purl: `pkg:npm/${own.name}@${own.version}`,
    type: 'application',
  });
});

test('it holds what an installation brings along, and nothing of the development', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string; dev?: boolean }> };
  const locked = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  const expected = new Set(locked.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`));
  expect(expected.size).toBeGreaterThan(100);
  expect(bill.components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([...expected].sort());
});

test('what the package itself asks for hangs on its root', () => {
  const { dependsOn } = bill.dependencies.find(({ ref }) => ref === bill.metadata.component['bom-ref'])!;
  expect([...dependsOn].sort()).toEqual(
    Object.entries(own.dependencies)
      .map(([name, version]) => `${name}@${version}`)
      .sort(),
  );
});

test('a release is published with it', () => {
  const { jobs } = parse(read('.github/workflows/release.yml')) as { jobs: { package: { steps: { run?: string }[] } } };
  expect(jobs.package.steps.map(({ run }) => run)).toContain('node deploy/sbom.ts >out/policyc.cdx.json');
});
