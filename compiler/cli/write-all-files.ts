import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

interface NewFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Writes files into a folder, which is made where there is none: all of them or, where one cannot be written, none. A reader never meets
 * half a file. Without `overwrite` a file that is already there is kept, and nothing is written.
 */
export async function writeAllFiles(folder: string, files: readonly NewFile[], overwrite: boolean): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  const beside = (name: string, end: string): string => join(folder, `.${name}.${process.pid}.${end}`);
  const undo: (() => Promise<unknown>)[] = made === undefined ? [] : [() => rm(made, { recursive: true, force: true })];
  try {
    for (const { name, text } of files) {
      undo.push(() => rm(beside(name, 'tmp'), { force: true }));
      await writeDurably(beside(name, 'tmp'), text);
    }
    for (const { name } of files) {
      const path = join(folder, name);
      const kept = overwrite && (await isRenamed(path, beside(name, 'old')));
      if (kept) undo.push(() => rename(beside(name, 'old'), path));
      // A link fails where the name is taken, a rename would not.
      await link(beside(name, 'tmp'), path);
      if (!kept) undo.push(() => rm(path, { force: true }));
    }
  } catch (cause) {
    for (const step of undo.reverse()) await step().catch(() => {});
    throw cause;
  }
  for (const { name } of files) {
    await rm(beside(name, 'tmp'), { force: true });
    await rm(beside(name, 'old'), { force: true });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o644);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isRenamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
}
