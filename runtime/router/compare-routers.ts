import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import type { LiveRouter } from './live-router.ts';

type Compared = Pick<LiveRouter, 'hash' | 'manifest' | 'text'>;

const COMPILER = fileURLToPath(new URL('../../compiler/cli/bin.js', import.meta.url));
const PATIENCE = 60_000;
/** Most characters of a comparison: each class holds a whole request. */
const MOST = 8 << 20;
const TOLD = 4_096;

let newest: { readonly pair: string; readonly found: Promise<string> } | null = null;

/**
 * What `now` decides differently from `old`: the JSON of `policyc diff`, by the compiler in a process of its own, since it takes a second or
 * more. The same question is answered once; there is one such process for each pair that is asked for.
 *
 * @throws Failure `[not-compared]`.
 */
export function compareRouters(old: Compared, now: Compared): Promise<string> {
  const pair = `${old.hash} ${now.hash}`;
  if (newest?.pair === pair) return newest.found;
  const found = compare(old, now);
  newest = { pair, found };
  found.catch(() => {
    if (newest?.found === found) newest = null;
  });
  return found;
}

async function compare(old: Compared, now: Compared): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'policyd-diff-'));
  try {
    await write(join(folder, 'previous'), old);
    await write(join(folder, 'active'), now);
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(folder: string, { manifest, text }: Compared): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'router.js'), text);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

function run(cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void =>
      reject(new Failure('not-compared', [`the policies can't be compared: ${why}`], 'compare their folders with `policyc diff`'));
    const child = spawn(process.execPath, [COMPILER, 'diff', 'previous', 'active', '--format', 'json'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE,
      // A comparison needs no secret: nothing of this process's environment but what finds programs.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_COLOR: '1' },
    });
    let told = '';
    let wrong = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      told += part;
      if (told.length > MOST) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      wrong = (wrong + part).slice(0, TOLD);
    });
    child.on('error', (error) => refuse(error.message));
    child.on('close', (code, signal) => {
      // 2 is for differences.
      if (code === 0 || code === 2) resolve(told);
      else refuse(wrong.trim() || `the compiler ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}
