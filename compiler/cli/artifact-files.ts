import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../build.ts';

/** Replaces an artifact's files one by one, by rename, the manifest last: whoever watches the folder never reads half a file. */
export async function writeArtifact(folder: string, artifact: Artifact): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of artifact.files) {
    const path = join(folder, name);
    if ((await readText(path)) === text) continue;
    const fresh = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(fresh, text);
      await rename(fresh, path);
    } catch (cause) {
      await rm(fresh, { force: true });
      throw cause;
    }
  }
}

/** Names of the files that are missing or differ. */
export async function findStale(folder: string, artifact: Artifact): Promise<string[]> {
  const stale: string[] = [];
  for (const [name, text] of artifact.files) if ((await readText(join(folder, name))) !== text) stale.push(name);
  return stale;
}

const readText = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);
