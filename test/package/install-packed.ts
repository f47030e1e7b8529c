import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

export interface PackageFile {
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Makes `project` what it is after `npm install` of the archive in an empty folder, without a registry: dependencies that the package
 * names are links to those of this checkout, and no others are there.
 */
export function installPacked(archive: string, project: string): PackageFile {
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'policyc');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  const own = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as PackageFile;
  for (const name of Object.keys(own.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(PACKAGES, name), join(modules, name));
  }
  mkdirSync(join(modules, '.bin'));
  for (const [name, path] of Object.entries(own.bin)) symlinkSync(join('../policyc', path), join(modules, '.bin', name));
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  return own;
}
