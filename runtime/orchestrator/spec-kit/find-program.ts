import { constants } from 'node:fs';
import { access, lstat, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { OrchestratorError } from '../orchestrator-error.ts';
import type { SpecCommand } from './commands.ts';
import { isInside } from './work-folder.ts';

/** A program with what comes before its arguments. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** @throws OrchestratorError 503 where it is not there, and how to get it. */
export async function findProgram(root: string, name: string, { program, begin }: SpecCommand, path: string): Promise<Program> {
  if (program === 'specify') {
    const file = await findOnPath('specify', path);
    if (file !== null) return { file, args: begin };
    const help = 'install it: `uv tool install specify-cli --from git+https://github.com/github/spec-kit.git`, on the PATH of policyd';
    throw missing(`the Spec-Kit CLI \`specify\` is not on the PATH [spec-kit] help: ${help}`);
  }
  const bash = await findOnPath('bash', path);
  if (bash === null) throw missing('`bash` is not on the PATH, and the scripts of Spec-Kit need it [spec-kit] help: install it');
  const script = join(root, '.specify', 'scripts', 'bash', `${name}.sh`);
  const real = await realpath(script).catch(() => null);
  if (real === null || !(await lstat(real)).isFile()) {
    throw missing(`the work folder has no \`.specify/scripts/bash/${name}.sh\` [spec-kit] help: run \`specify init --here\` there`);
  }
  if (!isInside(root, real)) {
    const message = `\`.specify/scripts/bash/${name}.sh\` leads out of the work folder [outside] help: replace the link by the script`;
    throw new OrchestratorError(403, 'outside_work_folder', message);
  }
  return { file: bash, args: [real, ...begin] };
}

async function findOnPath(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(':')) {
    // A relative one would be looked for in the work folder.
    if (!isAbsolute(folder)) continue;
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
    } catch {
      // Not there.
    }
  }
  return null;
}

function missing(message: string): OrchestratorError {
  return new OrchestratorError(503, 'spec_kit_missing', message);
}
