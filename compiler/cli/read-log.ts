import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RecordedRequest } from '../diff/recorded.ts';
import { coordinatesOf, readLine } from '../replay/read-line.ts';
import { type Io, UsageError } from './command.ts';

/** Characters of a line; an order of 10,000 targets has a fifth of that. */
const LONGEST = 16 * 1024 * 1024;
/** Kinds of requests that are kept apart. */
const MOST_KINDS = 200_000;

/**
 * Hands on a log's lines, one by one; `-` is standard input. `isCut`: the log ends before the line's break. Throws `UsageError` for a file
 * that can't be read.
 */
export async function eachLine(path: string, io: Io, take: (line: string, isCut: boolean) => void): Promise<void> {
  const stream = path === '-' ? io.stdin : await openLog(path, io);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST) throw new UsageError(`\`${path}\` has a line of more than ${LONGEST} characters`, 'name a decision log');
    for (const line of lines) if (line !== '') take(line, false);
  }
  if (rest !== '') take(rest, true);
}

async function openLog(path: string, io: Io): Promise<AsyncIterable<Uint8Array | string>> {
  const handle = await open(resolve(io.cwd, path)).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : (cause.code ?? cause.message);
    throw new UsageError(`cannot read \`${path}\`: ${why}`, 'name a decision log, `decisions.jsonl` in the data folder of policyd');
  });
  return handle.createReadStream();
}

/** The recorded requests of a log, equal ones as one; of requests that were sent to several targets the first decision. */
export async function readRecorded(path: string, io: Io): Promise<RecordedRequest[]> {
  const kinds = new Map<string, { request: RecordedRequest; weight: number }>();
  let decisions = 0;
  await eachLine(path, io, (text) => {
    const line = readLine(text);
    if (line?.kind !== 'decision' || line.excluded.length > 0) return;
    decisions++;
    const { model, endpoint, caller, category, class: taskClass } = line;
    const { required, flexible, input, tools, answers, capSource, outputCap } = coordinatesOf(line);
    const asked = { required, flexible, input, tools, answers, capSource, outputCap };
    const key = JSON.stringify([model, endpoint, caller, category, taskClass, asked]);
    const kind = kinds.get(key);
    if (kind) kind.weight += 1 / line.sample;
    else if (kinds.size < MOST_KINDS)
      kinds.set(key, {
        request: { line: { model, endpoint, caller, category, class: taskClass }, asked, weight: 0 },
        weight: 1 / line.sample,
      });
  });
  if (decisions === 0)
    throw new UsageError(`\`${path}\` holds no decisions`, 'name a decision log, `decisions.jsonl` in the data folder of policyd');
  return [...kinds.values()].map(({ request, weight }) => ({ ...request, weight }));
}
