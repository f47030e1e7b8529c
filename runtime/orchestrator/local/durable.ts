import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

let written = 0;

/** Replaces a file whole: on the disk when it resolves. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const beside = await writeBeside(path, text);
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** Makes a file whole, unless there is one: on the disk when it resolves. @returns whether it was made */
export async function createDurably(path: string, text: string): Promise<boolean> {
  const beside = await writeBeside(path, text);
  try {
    await link(beside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(beside);
    await syncFolder(dirname(path));
  }
}

async function writeBeside(path: string, text: string): Promise<string> {
  const beside = `${path}.${process.pid}-${written++}.tmp`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return beside;
}

/** Names in a folder are on the disk when this resolves. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Null: there is no such file. */
export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
