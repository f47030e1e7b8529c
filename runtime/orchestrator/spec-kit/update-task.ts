import { randomUUID } from 'node:crypto';
import { OrchestratorError } from '../orchestrator-error.ts';
import { holdLock } from './lock-file.ts';
import { findDuplicates, parseTasks, type Task } from './parse-tasks.ts';
import { hashOf, readTaskFile, replaceTaskFile, sweepTaskFiles } from './task-file.ts';
import type { WorkFolder } from './work-folder.ts';

export const TASK_STATUSES = ['done', 'open'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export interface TaskUpdate {
  readonly feature: string;
  readonly task: string;
  readonly status: TaskStatus;
  /** What `tasks.md` must hold, as its hash; null = whatever it holds. */
  readonly expectedHash: string | null;
}

export interface UpdatedTask {
  readonly task: Task;
  readonly before: TaskStatus;
  readonly after: TaskStatus;
  /** Of the file as it is now. */
  readonly hash: string;
  readonly changed: boolean;
}

/** How often a change is made again upon what another editor wrote meanwhile. */
const ATTEMPTS = 20;

/**
 * Sets the mark of a task: one byte of the file changes, and none where it stands so already. What others write meanwhile is kept.
 *
 * @throws OrchestratorError 404 where there is no such feature or task, 409 where the hash differs, the id stands there twice, or others
 * write all the time.
 */
export async function updateTask(work: WorkFolder, { feature, task: id, status, expectedHash }: TaskUpdate): Promise<UpdatedTask> {
  const folder = await work.holdFeature(feature);
  try {
    // What is not there needs no lock.
    await readTaskFile(folder);
    return await holdLock(`${folder.path}/.tasks.md.policyd-lock`, async () => {
      await sweepTaskFiles(folder);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const file = await readTaskFile(folder);
        if (expectedHash !== null && file.hash !== expectedHash) throw conflict(feature, file.hash, expectedHash);
        const task = find(feature, parseTasks(file.bytes), id);
        const before = task.done ? 'done' : 'open';
        if (before === status) return { task, before, after: status, hash: file.hash, changed: false };
        const bytes = Buffer.from(file.bytes);
        bytes[task.mark] = (status === 'done' ? 'x' : ' ').charCodeAt(0);
        if (await replaceTaskFile(folder, file, bytes, randomUUID())) {
          return { task: { ...task, done: !task.done }, before, after: status, hash: hashOf(bytes), changed: true };
        }
      }
      throw new OrchestratorError(409, 'busy', 'others change this file [busy] help: retry in a moment', { retryAfter: 1 });
    });
  } finally {
    await folder.handle.close();
  }
}

/** The tasks of a feature, and the hash of the file that they stand in. */
export async function readTasks(work: WorkFolder, feature: string): Promise<{ readonly tasks: readonly Task[]; readonly hash: string }> {
  const folder = await work.holdFeature(feature);
  try {
    const { bytes, hash } = await readTaskFile(folder);
    return { tasks: parseTasks(bytes), hash };
  } finally {
    await folder.handle.close();
  }
}

function find(feature: string, tasks: readonly Task[], id: string): Task {
  const found = tasks.filter((task) => task.id === id);
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    throw new OrchestratorError(404, 'unknown_task', `\`${feature}\` has no task \`${id}\` [unknown-task] help: look at its \`tasks.md\``);
  }
  const duplicates = findDuplicates(tasks);
  const lines = found.map(({ line }) => line);
  throw new OrchestratorError(
    409,
    'duplicate_task',
    `\`${id}\` stands in lines ${lines.join(', ')} of \`tasks.md\` [duplicate-task] help: give each task an id of its own`,
    { reasons: duplicates.map((duplicate) => ({ code: 'duplicate_task', ...duplicate })) },
  );
}

function conflict(feature: string, hash: string, expected: string): OrchestratorError {
  return new OrchestratorError(
    409,
    'changed_meanwhile',
    `\`tasks.md\` of \`${feature}\` is not what was expected [changed] help: read it again, and decide anew`,
    { reasons: [{ code: 'changed_meanwhile', expected_hash: expected, hash }] },
  );
}
