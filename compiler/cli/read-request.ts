import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Io, UsageError } from './command.ts';
import { type ReadBody, readBody } from './read-body.ts';

/** A request body read from a file. */
export interface ReadRequest extends ReadBody {
  readonly bytes: number;
}

/** Reads the JSON of a chat or embeddings body; `-` is standard input. Throws `UsageError` that names what is wrong. */
export async function readRequest(path: string, io: Io): Promise<ReadRequest> {
  const text = await readText(path, io);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`\`${path}\` is not JSON: ${(cause as Error).message}`, 'write the body that a client would send');
  }
  return { ...readBody(path, json), bytes: Buffer.byteLength(text) };
}

async function readText(path: string, io: Io): Promise<string> {
  if (path === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString('utf8');
  }
  return await readFile(resolve(io.cwd, path), 'utf8').catch(() => {
    throw new UsageError(`cannot read \`${path}\``, 'name a file with a request body as JSON, or `-` for standard input');
  });
}
