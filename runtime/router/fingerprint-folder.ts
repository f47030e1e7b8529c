import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Cheap marks of the files in a folder: name, inode, size, time of change. Null where the folder is not there. */
export async function markFolder(folder: string): Promise<string | null> {
  const names = await listFiles(folder);
  if (names === null) return null;
  const marks = await Promise.all(
    names.map(async (name) => {
      try {
        const { ino, size, mtimeMs } = await stat(join(folder, name));
        return `${name}:${ino}:${size}:${mtimeMs}`;
      } catch {
        return `${name}:gone`;
      }
    }),
  );
  return marks.join('\n');
}

/** SHA-256 over names and contents of the YAML files in a folder. Null where the folder is not there. */
export async function hashFolder(folder: string): Promise<string | null> {
  const names = await listFiles(folder);
  if (names === null) return null;
  const hash = createHash('sha256');
  for (const name of names.filter((candidate) => /\.ya?ml$/.test(candidate))) {
    const content = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function listFiles(folder: string): Promise<string[] | null> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  } catch {
    return null;
  }
}
