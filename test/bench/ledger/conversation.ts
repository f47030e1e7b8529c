import { readFileSync } from 'node:fs';

/** A request of a trace: when it came (ms from the first), and its tokens. */
export interface TraceRequest {
  readonly at: number;
  readonly input: number;
  readonly output: number;
}

/** The trace's own file where `AZURE_LLM_TRACE` names it, else requests drawn from sums of it: arrivals by 10 s, means of 288 groups. */
export function readConversation(): { readonly name: string; readonly requests: readonly TraceRequest[] } {
  const file = process.env.AZURE_LLM_TRACE;
  return file === undefined ? { name: 'drawn from its sums', requests: draw() } : { name: 'row by row', requests: read(file) };
}

function read(file: string): TraceRequest[] {
  const rows = readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(1);
  const first = Date.parse(`${rows[0].split(',')[0].replace(' ', 'T').slice(0, 23)}Z`);
  return rows.map((row) => {
    const [time, input, output] = row.split(',');
    return { at: Date.parse(`${time.replace(' ', 'T').slice(0, 23)}Z`) - first, input: Number(input), output: Number(output) };
  });
}

function draw(): TraceRequest[] {
  const file = new URL('./azure-conversation.json', import.meta.url);
  const sums = JSON.parse(readFileSync(file, 'utf8')) as { arrivals_per_10_seconds: number[]; groups: [number, number, number][] };
  const pool = sums.groups.flatMap(([count, input, output]) => Array.from({ length: count }, () => ({ input, output })));
  // Shuffled by a generator with a fixed seed, so that every run sees the same requests.
  let state = 20_231_116;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = pool.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [pool[i], pool[j]] = [pool[j], pool[i]];
  }
  return sums.arrivals_per_10_seconds
    .flatMap((count, slot) => Array.from({ length: count }, () => slot * 10_000 + random() * 10_000))
    .sort((a, b) => a - b)
    .map((at, i) => ({ at, ...pool[i] }));
}
