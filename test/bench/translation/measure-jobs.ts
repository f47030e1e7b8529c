import type { Table } from '../../../compiler/bench/table.ts';

const ROUNDS = 61;
const CALLS = 8;
/** What is promised, in µs: a whole body of 100 KB, and one chunk of a stream. */
export const BODY_LIMIT = 2000;
export const CHUNK_LIMIT = 100;

/** One way of translating, and `JSON.parse` of the same bytes beside it. Both return something of what they made, so that it is made. */
export interface Job {
  readonly name: string;
  /** Bytes of one unit. */
  readonly bytes: number;
  /** µs a unit. */
  readonly limit: number;
  /** Bodies or chunks that one call translates. */
  readonly units: number;
  run(): number;
  parse(): number;
}

/** Medians over interleaved rounds, so that a slow moment of the machine meets both sides. */
export function measureJobs(title: string, jobs: readonly Job[]): Table {
  let sink = 0;
  const time = (work: () => number, units: number): number => {
    const begun = performance.now();
    for (let call = 0; call < CALLS; call++) sink += work();
    return ((performance.now() - begun) * 1000) / CALLS / units;
  };
  const times = jobs.map(() => ({ run: [] as number[], parse: [] as number[] }));
  for (let round = -15; round < ROUNDS; round++) {
    for (const [at, job] of jobs.entries()) {
      const run = time(job.run, job.units);
      const parse = time(job.parse, job.units);
      if (round < 0) continue;
      times[at].run.push(run);
      times[at].parse.push(parse);
    }
  }
  if (sink === 0) throw new Error('nothing was measured');
  return {
    title,
    columns: ['what', 'KB', 'µs', 'µs JSON.parse', 'ratio', 'limit µs'],
    rows: jobs.map((job, at) => {
      const run = medianOf(times[at].run);
      const parse = medianOf(times[at].parse);
      const limit = run < job.limit ? `< ${job.limit}` : `over ${job.limit}`;
      return [job.name, (job.bytes / 1024).toFixed(1), run.toFixed(1), parse.toFixed(1), (run / parse).toFixed(2), limit];
    }),
    notes: ['Medians. `write` begins with a parsed body; reading an answer or a chunk holds its own `JSON.parse`. Streams: a chunk.'],
  };
}

function medianOf(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1];
}
