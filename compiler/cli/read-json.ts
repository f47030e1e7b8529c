import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Io, UsageError } from './command.ts';

/** The value in a JSON file; `-` is standard input. Throws `UsageError` with this help where there is none. */
export async function readJson(path: string, help: string, io: Io): Promise<unknown> {
  const text = await readText(path, help, io);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`\`${path}\` is not JSON: ${(cause as Error).message}`, help);
  }
}

async function readText(path: string, help: string, io: Io): Promise<string> {
  if (path !== '-') {
    return await readFile(resolve(io.cwd, path), 'utf8').catch(() => {
      throw new UsageError(`cannot read \`${path}\``, help);
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
