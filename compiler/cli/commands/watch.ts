import { type FSWatcher, watch as watchFiles } from 'node:fs';
import { relative, resolve } from 'node:path';
import { hashOf } from '../../build.ts';
import { writeArtifact } from '../artifact-files.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { readArguments } from '../read-arguments.ts';
import { compileFolder, readPolicyFolder } from '../read-policy.ts';

const USAGE = `usage: policyc watch [dir] [options]

Compiles a policy folder (./policies where none is named) now and whenever a file in it changes. A policy with errors leaves what is
there alone. Ends with Ctrl-C.

  --out DIR   where the files go (generated)`;

/** Editors write a file in several steps; changes are gathered for this long, ms. */
const SETTLE = 60;
/** Backstop where the system reports no changes (network file systems, mounted volumes), ms. */
const POLL = 2_000;

export const command: Command = {
  name: 'watch',
  summary: 'compile on every change',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('watch', args, { out: { type: 'string' } });
    if (given.paths.length > 1) throw new UsageError('`policyc watch` takes one folder', 'name the folder that holds all policy files');
    const folder = given.paths[0] ?? 'policies';
    const out = resolve(io.cwd, given.text('out') ?? 'generated');
    await readPolicyFolder(folder, io);
    await untilStopped(
      (changed) => watchFolder(resolve(io.cwd, folder), changed),
      () => compileOnce(folder, out, io),
    );
    return EXIT.CLEAN;
  },
};

let seen = '';

/** Compiles if the sources are not those of the last time; says what happened, and never throws. */
async function compileOnce(folder: string, out: string, io: Io): Promise<void> {
  const started = performance.now();
  try {
    const sources = await readPolicyFolder(folder, io);
    const hash = hashOf(JSON.stringify(sources));
    if (hash === seen) return;
    seen = hash;
    const { artifact } = await compileFolder(folder, io);
    if (artifact === null) {
      io.stderr.write(`not compiled: the policy has errors; ${relative(io.cwd, out)} stays as it is\n`);
      return;
    }
    await writeArtifact(out, artifact);
    io.stdout.write(`compiled ${artifact.manifest.hash.slice(0, 12)} in ${Math.round(performance.now() - started)} ms\n`);
  } catch (cause) {
    io.stderr.write(`error: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  }
}

function watchFolder(path: string, changed: () => void): () => void {
  let watcher: FSWatcher | null = null;
  try {
    watcher = watchFiles(path, { recursive: true }, changed);
    watcher.on('error', () => watcher?.close());
  } catch {
    // The poll below sees what the system does not report.
  }
  const poll = setInterval(changed, POLL);
  return () => {
    clearInterval(poll);
    watcher?.close();
  };
}

/** Runs `work` now and after changes, one at a time, until SIGINT or SIGTERM. */
async function untilStopped(subscribe: (changed: () => void) => () => void, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = work();
  const unsubscribe = subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(work);
    }, SETTLE);
  });
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  clearTimeout(timer);
  unsubscribe();
  await running;
}
