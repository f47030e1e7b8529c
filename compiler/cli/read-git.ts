import { execFile } from 'node:child_process';
import { isUtf8 } from 'node:buffer';
import { basename, posix } from 'node:path';
import type { Source } from '../understand.ts';
import { UsageError } from './command.ts';

/** As for a folder on disk. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_FILES = 10_000;

/**
 * The policy files of a folder as they stand in a commit: read from git's own store, nothing is checked out. `folder` is relative to `cwd`;
 * files are named from the folder's parent, as for a folder on disk. Throws `UsageError`.
 */
export async function readGitFolder(ref: string, folder: string, cwd: string): Promise<Source[]> {
  // A ref that begins with a dash would be read as an option.
  if (ref === '' || ref.startsWith('-')) throw notThere(ref, 'it is no name of a commit');
  const commit = await git(cwd, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]).catch((cause: GitError) => {
    throw notThere(
      ref,
      cause.missing
        ? 'git is not installed'
        : /not a git repository/.test(cause.words)
          ? 'this is no git repository'
          : 'git knows no such commit, and there is no such folder',
    );
  });
  const hash = commit.toString('utf8').trim();
  const prefix = (await git(cwd, ['rev-parse', '--show-prefix'])).toString('utf8').trim();
  const root = posix.join(prefix, folder.replaceAll('\\', '/')).replace(/\/$/, '');
  if (root.startsWith('..')) throw new UsageError(`\`${folder}\` lies outside of the repository`, 'name a folder inside it');
  const tree = root === '.' ? hash : `${hash}:${root}`;
  const listed = await git(cwd, ['ls-tree', '-r', '-z', '--full-tree', tree]).catch(() => {
    throw new UsageError(`\`${ref}\` has no folder \`${folder}\``, 'name the policy folder as `ref:folder`');
  });
  const files = listed
    .toString('utf8')
    .split('\0')
    .flatMap((line) =>
      /^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(line)?.slice(1, 3) ? [/^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(line)!] : [],
    )
    .map(([, blob, name]) => ({ blob, name }))
    .filter(({ name }) => isPolicy(name));
  if (files.length === 0) throw new UsageError(`no policy in \`${folder}\` of \`${ref}\``, 'name the policy folder as `ref:folder`');
  if (files.length > MOST_FILES)
    throw new UsageError(`more than ${MOST_FILES} policy files in \`${ref}:${folder}\``, 'point at the policy folder itself');
  const blobs = await readBlobs(
    cwd,
    files.map(({ blob }) => blob),
  );
  const parent = basename(root === '.' ? cwd : root);
  return files.map(({ name }, row) => {
    if (!isUtf8(blobs[row])) throw new UsageError(`\`${ref}:${folder}/${name}\` is not UTF-8 text`, 'compare with a commit where it is');
    return { file: `${parent}/${name}`, text: blobs[row].toString('utf8') };
  });
}

/** As in a folder on disk: nothing hidden, no tests, no packages. */
function isPolicy(name: string): boolean {
  if (name.split('/').some((part) => part.startsWith('.') || part === 'node_modules')) return false;
  return /\.ya?ml$/.test(name) && !/\.test\.ya?ml$/.test(name);
}

/** Contents by hash, in one process: `<hash> blob <bytes>\n<content>\n` each. Format: git-cat-file(1), "BATCH OUTPUT". */
async function readBlobs(cwd: string, hashes: readonly string[]): Promise<Buffer[]> {
  const output = await git(cwd, ['cat-file', '--batch'], `${hashes.join('\n')}\n`);
  const blobs: Buffer[] = [];
  let at = 0;
  for (const _ of hashes) {
    const end = output.indexOf(10, at);
    const size = Number(output.toString('latin1', at, end).split(' ')[2]);
    if (!Number.isInteger(size)) throw new Error(`git cat-file said \`${output.toString('latin1', at, end)}\``);
    blobs.push(output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return blobs;
}

interface GitError extends Error {
  readonly words: string;
  readonly missing: boolean;
}

function git(cwd: string, args: readonly string[], input = ''): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile('git', [...args], { cwd, encoding: 'buffer', maxBuffer: MOST_BYTES }, (error, out, words) => {
      if (!error) return resolve(out);
      if ((error as NodeJS.ErrnoException).code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
        return reject(new UsageError(`more than ${MOST_BYTES / 1024 / 1024} MiB of policy`, 'point at the policy folder itself'));
      reject(Object.assign(error, { words: words.toString('utf8'), missing: (error as NodeJS.ErrnoException).code === 'ENOENT' }));
    });
    child.stdin!.on('error', () => {});
    child.stdin!.end(input);
  });
}

const notThere = (ref: string, why: string): UsageError =>
  new UsageError(`cannot read \`${ref}\`: ${why}`, 'name a policy folder, an artifact folder, or a commit of git, also as `ref:folder`');
