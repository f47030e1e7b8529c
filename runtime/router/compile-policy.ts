import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMPILER = fileURLToPath(new URL('../../compiler/cli/bin.js', import.meta.url));
const PATIENCE = 120_000;
const TOLD = 4_096;

/**
 * Compiles a policy folder into an artifact folder, in a process of its own: the compiler's memory and its mistakes stay there.
 *
 * @returns null where it went well, else what the compiler said, at most 4,096 characters.
 */
export async function compilePolicy(folder: string, out: string, signal?: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [COMPILER, 'compile', folder, '--out', out], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE,
      ...(signal ? { signal } : {}),
      // Policy needs no secret to compile: nothing of this process's environment but what finds programs.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_COLOR: '1' },
    });
    let said = '';
    const hear = (part: Buffer): void => {
      if (said.length < TOLD) said += part.toString('utf8');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) => resolve(`the compiler could not be run: ${error.message}`));
    child.on('close', (code, reason) => {
      if (code === 0) resolve(null);
      else resolve(said.trim().slice(0, TOLD) || `the compiler ended with ${reason ?? `exit code ${code}`}`);
    });
  });
}
