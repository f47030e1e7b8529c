import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { Shell } from '../docs/shell.ts';
import { pack } from './pack.ts';
import { tryPackage } from './try-package.ts';

/** Majors of Node to install the package on. Only where they are named, as `npm run test:package` does: packages come from the registry. */
const NODES = (process.env.PACKAGE_NODES ?? '').split(',').filter((major) => major !== '');
const LINTERS = { publint: 'publint@0.3.25', attw: '@arethetypeswrong/cli@0.18.5' } as const;

describe.skipIf(NODES.length === 0)('from the registry (PACKAGE_NODES)', () => {
  let archive: string;
  let home: string;
  /** Why nothing can be installed here; null where it can. */
  let unreachable: string | null;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'policyc-registry-'));
    archive = pack();
    unreachable = await npm(home, ['view', 'node', 'version', '--fetch-timeout=20000', '--fetch-retries=1']).then(
      () => null,
      (error: Error) => `the registry cannot be reached: ${error.message.split('\n')[0]}`,
    );
  }, 120_000);
  afterAll(() => {
    rmSync(home, { recursive: true, force: true });
    rmSync(dirname(archive), { recursive: true, force: true });
  }, 120_000);

  const needRegistry = ({ skip }: TestContext): void => {
    if (unreachable !== null) skip(unreachable);
  };

  test.for(NODES)('on Node %s, from npm install to an answer', { timeout: 300_000 }, async (major, context) => {
    needRegistry(context);
    const node = await installNode(join(home, `node-${major}`), major);
    const project = join(home, `project-${major}`);
    makeProject(project, {});
    const told = await npm(project, ['install', archive, '--prefer-offline'], node);
    // Nothing that runs while it is installed, nothing that npm warns of.
    expect(told).not.toMatch(/install scripts|deprecated|EBADENGINE/);
    expect((await run(join(node, 'node'), ['--version'], project, node)).trim()).toMatch(new RegExp(`^v${major}\\.`));
    await tryPackage(project, 'npx ', (env) => new Shell(project, { ...env, PATH: `${node}:/usr/bin:/bin` }));
  });

  test('publint and attw find nothing', { timeout: 300_000 }, async (context) => {
    needRegistry(context);
    expect(await npm(home, ['exec', '--yes', `--package=${LINTERS.publint}`, '--', 'publint', archive, '--strict'])).toContain('All good!');
    // There is no CommonJS to import, and Node 10 reads no exports.
    await npm(home, ['exec', '--yes', `--package=${LINTERS.attw}`, '--', 'attw', archive, '--profile', 'esm-only']);
  });
});

/** @returns the folder of the binary. */
async function installNode(folder: string, major: string): Promise<string> {
  // npm runs install scripts of packages that are named here alone; this one puts the binary in place.
  makeProject(folder, { allowScripts: { node: true } });
  await npm(folder, ['install', `node@${major}`, '--prefer-offline']);
  return join(folder, 'node_modules/node/bin');
}

function makeProject(folder: string, more: object): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...more }));
}

/** What npm says, on both of its outputs. Fails where npm does. */
function npm(cwd: string, args: readonly string[], node = dirname(process.execPath)): Promise<string> {
  return run('npm', args, cwd, node);
}

function run(program: string, args: readonly string[], cwd: string, node: string): Promise<string> {
  const env = { ...process.env, PATH: [node, '/usr/bin', '/bin', process.env.PATH].join(delimiter), NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, timeout: 240_000, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(' ')}: ${stderr || stdout || error.message}`));
      else resolve(stdout + stderr);
    });
  });
}
