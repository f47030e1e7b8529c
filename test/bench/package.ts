/**
 * Start-up of the packed package beside the checkout, which runs from TypeScript, and beside Node alone; sizes. `PACKAGE_INSTALL=1`
 * installs it from the registry, too, and weighs what came.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Table } from '../../compiler/bench/table.ts';
import { installPacked } from '../package/install-packed.ts';
import { pack } from '../package/pack.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROUNDS = Number(process.env.PACKAGE_ROUNDS ?? 5);

export const bench = {
  name: 'package',
  async run(): Promise<Table> {
    const archive = pack();
    const project = mkdtempSync(join(tmpdir(), 'policyc-bench-'));
    try {
      const { bin } = installPacked(archive, project);
      const packed = (name: string): string => join(project, 'node_modules/policyc', bin[name]);
      const source = { policyc: join(ROOT, 'compiler/cli/bin.js'), policyd: join(ROOT, 'runtime/bin.js') };
      run(project, packed('policyc'), 'init');
      run(project, packed('policyc'), 'compile');
      const cases: readonly (readonly [string, () => Promise<number>])[] = [
        ['node, an empty program', () => time(project, '-e', '0')],
        ['`policyc --version`', () => time(project, packed('policyc'), '--version')],
        ['the same in a checkout', () => time(project, source.policyc, '--version')],
        ['`policyc check` of the starter', () => time(project, packed('policyc'), 'check')],
        ['the same in a checkout', () => time(project, source.policyc, 'check')],
        ['`policyd` until it serves the starter', () => serve(project, packed('policyd'))],
        ['the same in a checkout', () => serve(project, source.policyd)],
      ];
      const times: number[][] = cases.map(() => []);
      // In turns, so that a busy moment is everybody's.
      for (let round = 0; round < ROUNDS; round++) for (const [at, [, take]] of cases.entries()) times[at].push(await take());
      const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]);
      return {
        title: 'start-up and size of the package',
        columns: ['', 'median', '÷ node alone'],
        rows: cases.map(([name], at) => [name, `${medians[at].toFixed(0)} ms`, (medians[at] / medians[0]).toFixed(1)]),
        notes: [
          `Archive: ${(statSync(archive).size / 1e6).toFixed(2)} MB; unpacked ${megabytes(join(project, 'node_modules/policyc'))}. ${weighInstall(archive)}`,
          `Medians of ${ROUNDS} starts, in turns; from the start of the process to its end, or to its word that it serves. Dependencies come from the same files in all cases.`,
        ],
      };
    } finally {
      rmSync(project, { recursive: true, force: true });
      rmSync(dirname(archive), { recursive: true, force: true });
    }
  },
};

function run(cwd: string, ...args: readonly string[]): void {
  execFileSync(process.execPath, args, { cwd, stdio: 'ignore' });
}

/** Milliseconds of a process. */
async function time(cwd: string, ...args: readonly string[]): Promise<number> {
  const start = performance.now();
  run(cwd, ...args);
  return performance.now() - start;
}

/** Milliseconds until policyd says that it serves. */
async function serve(cwd: string, script: string): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [script, '--port', '0', '--data', join(cwd, 'data')], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const took = await new Promise<number>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      if (said.includes('serving on')) resolve(performance.now() - start);
    });
    child.once('exit', (code) => reject(new Error(`policyd ended with ${code}: ${said}`)));
  });
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
  return took;
}

function weighInstall(archive: string): string {
  if (process.env.PACKAGE_INSTALL !== '1') return 'The size of an installation: `PACKAGE_INSTALL=1`.';
  const folder = mkdtempSync(join(tmpdir(), 'policyc-install-'));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const told = execFileSync('npm', ['install', archive, '--prefer-offline'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return `\`npm install\` of it into an empty project: ${megabytes(join(folder, 'node_modules'))}, ${/added (\d+ packages)/.exec(told)![1]}.`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const megabytes = (folder: string): string =>
  `${(Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]) / 1e6).toFixed(1)} MB`;
