import { isUtf8 } from 'node:buffer';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import type { Source } from '../understand.ts';
import { type Io, UsageError } from './command.ts';

/** Bounds on what one run reads; a policy folder is far below them. */
const MOST_FILES = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
const DEEPEST = 32;

/** Of `policies/`, which files: policy, or the tests that stand beside it. */
export type Kind = 'policy' | 'tests';

/**
 * Reads policy files: folders whole (`*.yaml`, `*.yml`, without `*.test.yaml`), files as named, `-` as standard input (file `<stdin>`).
 * Sorted by path; `file` is relative to `io.cwd`, with `/`. Symbolic links to files and folders are followed, hidden entries are not read.
 * Throws `UsageError` for a path that is not there or not readable, and beyond 10,000 files or 64 MiB.
 */
export async function readSources(
  paths: readonly string[],
  io: Pick<Io, 'cwd' | 'stdin'> = DEFAULT_IO,
  kind: Kind = 'policy',
): Promise<Source[]> {
  const files = new Map<string, string>();
  const sources: Source[] = [];
  for (const path of paths) {
    if (path === '-') sources.push({ file: '<stdin>', text: await readAll(io.stdin, 'standard input') });
    else await collect(resolve(io.cwd, path), path, io.cwd, kind, files);
  }
  let bytes = 0;
  for (const [file, path] of files) {
    const text = await readText(path, file);
    bytes += Buffer.byteLength(text);
    if (bytes > MOST_BYTES) throw tooMuch(`more than ${MOST_BYTES / 1024 / 1024} MiB of policy`);
    sources.push({ file, text });
  }
  return sources.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

const DEFAULT_IO = { cwd: process.cwd(), stdin: process.stdin };

async function collect(path: string, written: string, cwd: string, kind: Kind, files: Map<string, string>): Promise<void> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read \`${written}\`: ${reasonOf(cause)}`, 'name a policy folder or a policy file');
  });
  if (!info.isDirectory()) return add(path, cwd, files);
  await walk(path, cwd, kind, files, 0);
}

async function walk(folder: string, cwd: string, kind: Kind, files: Map<string, string>, depth: number): Promise<void> {
  if (depth > DEEPEST) throw tooMuch(`folders nested more than ${DEEPEST} deep in \`${placeOf(folder, cwd)}\``);
  for (const name of (await readdir(folder)).sort()) {
    if (name.startsWith('.') || name === 'node_modules') continue;
    const path = join(folder, name);
    // `stat`, not the entry's own type: a mounted ConfigMap is made of symbolic links.
    const info = await stat(path).catch(() => null);
    if (info?.isDirectory()) await walk(path, cwd, kind, files, depth + 1);
    // What is not there any more, behind a dangling link perhaps, is reported when it is read.
    else if ((info === null || info.isFile()) && isOfKind(name, kind)) add(path, cwd, files);
  }
}

function isOfKind(name: string, kind: Kind): boolean {
  if (!/\.ya?ml$/.test(name)) return false;
  return /\.test\.ya?ml$/.test(name) === (kind === 'tests');
}

function add(path: string, cwd: string, files: Map<string, string>): void {
  files.set(placeOf(path, cwd), path);
  if (files.size > MOST_FILES) throw tooMuch(`more than ${MOST_FILES} policy files`);
}

function placeOf(path: string, cwd: string): string {
  const near = relative(cwd, path).replaceAll('\\', '/');
  return near === '' || isAbsolute(near) ? basename(path) : near;
}

async function readText(path: string, file: string): Promise<string> {
  try {
    const handle = await open(path);
    try {
      return await readAll(handle.createReadStream(), `\`${file}\``);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`cannot read \`${file}\`: ${reasonOf(cause as NodeJS.ErrnoException)}`, 'make the file readable, or leave it out');
  }
}

/** The whole text, within the bound; not by the size that the file system states, which a device or a pipe has not. */
async function readAll(stream: AsyncIterable<Uint8Array | string>, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const buffer = Buffer.from(chunk as Uint8Array);
    bytes += buffer.length;
    if (bytes > MOST_BYTES) throw tooMuch(`${what} is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
    chunks.push(buffer);
  }
  const all = Buffer.concat(chunks);
  // Replacement characters in the place of what was meant would be a policy that nobody wrote.
  if (!isUtf8(all)) throw new UsageError(`${what} is not UTF-8 text`, 'save it as UTF-8');
  return all.toString('utf8');
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'no permission',
    EISDIR: 'it is a folder',
    ELOOP: 'its symbolic links lead back to themselves',
  };
  return reasons[cause.code ?? ''] ?? cause.code ?? 'it cannot be opened';
}

function tooMuch(what: string): UsageError {
  return new UsageError(what, 'point at the policy folder itself');
}
