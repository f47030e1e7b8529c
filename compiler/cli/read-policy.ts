import { basename, dirname, resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import { type Compilation, compile } from '../compile.ts';
import type { Source } from '../understand.ts';
import { type Io, UsageError } from './command.ts';
import { formatPretty } from './formats/format-pretty.ts';
import { paintFor } from './formats/paint.ts';
import { readSources } from './sources.ts';

/**
 * The sources of a policy folder, named from the folder's parent, so that the bytes of an artifact do not depend on where the
 * command was run. Throws `UsageError` when there is nothing to compile.
 */
export async function readPolicyFolder(folder: string, io: Io): Promise<Source[]> {
  const path = resolve(io.cwd, folder);
  const info = await stat(path).catch(() => null);
  if (info !== null && !info.isDirectory())
    throw new UsageError(`\`${folder}\` is not a folder`, 'name the folder that holds the policy files');
  const sources = await readSources([basename(path)], { cwd: dirname(path), stdin: io.stdin });
  if (sources.length === 0)
    throw new UsageError(`no policy in \`${folder}\``, 'name a folder with policy files (`policyc init` writes a first one)');
  return sources;
}

/**
 * Compiles a folder; `artifact` is null where errors forbid one. Errors go to standard error in full, warnings as a count: `check`
 * is for reading them.
 */
export async function compileFolder(folder: string, io: Io): Promise<Compilation & { readonly sources: readonly Source[] }> {
  const sources = await readPolicyFolder(folder, io);
  const compilation = await compile(sources);
  // A file caught while it is emptied and written again would become a router that refuses everything.
  if (compilation.artifact !== null && compilation.artifact.manifest.plan.names === 0) {
    throw new UsageError(`\`${folder}\` names no backend`, 'declare at least one under `backends:` with one model');
  }
  const errors = compilation.diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = compilation.diagnostics.length - errors.length;
  if (errors.length > 0) {
    io.stderr.write(formatPretty({ diagnostics: errors, sources }, paintFor({ env: io.env, stdout: io.stderr })));
  }
  if (warnings > 0) io.stderr.write(`${warnings} warning${warnings === 1 ? '' : 's'}: \`policyc check ${folder}\` shows them\n`);
  return { ...compilation, sources };
}
