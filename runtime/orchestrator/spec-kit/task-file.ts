import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { OrchestratorError } from '../orchestrator-error.ts';
import type { HeldFolder } from './work-folder.ts';

const NAME = 'tasks.md';
/** Names of ours beside it: what is left of them after a crash is taken away by the next who holds the lock. */
const OURS = '.tasks.md.policyd-';
/** Most bytes of a `tasks.md`. */
export const MOST_BYTES = 4 * 1024 * 1024;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** What a file held. */
export interface TaskFile {
  readonly bytes: Buffer;
  /** SHA-256, hex. */
  readonly hash: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws OrchestratorError 404 where there is none, 403 where it is no plain file, 413 where it is too large. */
export async function readTaskFile(folder: HeldFolder, name: string = NAME): Promise<TaskFile> {
  let file: FileHandle;
  try {
    // Whatever it is, opening it must not wait.
    file = await open(`${folder.path}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new OrchestratorError(
        404,
        'no_tasks',
        'the feature has no `tasks.md` [no-tasks] help: let Spec-Kit write it: `/speckit.tasks`',
      );
    }
    if (code === 'ELOOP' || code === 'ENXIO') throw notPlain();
    throw error;
  }
  try {
    const { mode, uid, gid, size } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw notPlain();
    if (size > MOST_BYTES) throw tooLarge();
    // It may grow meanwhile.
    const bytes = Buffer.allocUnsafe(MOST_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      length += bytesRead;
      if (length > MOST_BYTES) throw tooLarge();
      if (bytesRead === 0) break;
    }
    const held = Buffer.from(bytes.subarray(0, length));
    return { bytes: held, hash: hashOf(held), mode: mode & 0o7777, uid, gid };
  } finally {
    await file.close();
  }
}

/**
 * Puts `bytes` in the place of what `was` there, by rename, on the disk when it resolves: its mode and owner stay. False where something else
 * is there by now; then nothing has changed. What is replaced is kept until it is certain that it is what was read: who wrote into it at the
 * last moment gets it back.
 */
export async function replaceTaskFile(folder: HeldFolder, was: TaskFile, bytes: Buffer, id: string): Promise<boolean> {
  const path = `${folder.path}/${NAME}`;
  const next = `${folder.path}/${OURS}${id}-new`;
  const kept = `${OURS}${id}-old`;
  try {
    await writeNew(next, was, bytes);
    await link(path, `${folder.path}/${kept}`);
    if ((await readTaskFile(folder, kept)).hash !== was.hash) return false;
    await rename(next, path);
    if ((await readTaskFile(folder, kept)).hash !== was.hash) {
      await rename(`${folder.path}/${kept}`, path);
      return false;
    }
    await folder.handle.sync();
    return true;
  } finally {
    for (const left of [next, `${folder.path}/${kept}`]) await unlink(left).catch(() => {});
  }
}

/** Takes away what a crash left. */
export async function sweepTaskFiles(folder: HeldFolder): Promise<void> {
  for (const name of await readdir(folder.path)) {
    if (name.startsWith(OURS) && /-(?:new|old)$/.test(name)) await unlink(`${folder.path}/${name}`).catch(() => {});
  }
}

async function writeNew(path: string, { mode, uid, gid }: TaskFile, bytes: Buffer): Promise<void> {
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(bytes);
    // Only root may give files away; whoever may not owns it already, or becomes its owner.
    await file.chown(uid, gid).catch(() => {});
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

function notPlain(): OrchestratorError {
  const message = 'the `tasks.md` of the feature is no plain file [outside] help: replace the link by a file';
  return new OrchestratorError(403, 'outside_work_folder', message);
}

function tooLarge(): OrchestratorError {
  return new OrchestratorError(
    413,
    'tasks_too_large',
    `\`tasks.md\` is larger than ${MOST_BYTES} bytes [tasks-size] help: part the feature`,
  );
}
