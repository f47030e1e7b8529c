/** The load, in a process of its own: takes jobs as messages and answers each with a `Report`. Run by `Rig`. */
import { Connection } from './connection.ts';
import type { Job, Report } from './job.ts';

process.on('message', (job: Job) => {
  run(job).then(
    (report) => process.send!(report),
    (error: Error) => process.send!({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit());

async function run(job: Job): Promise<Report> {
  const request = Buffer.from(
    `POST ${job.path} HTTP/1.1\r\nhost: 127.0.0.1:${job.port}\r\n${job.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(job.body)}\r\n\r\n${job.body}`,
  );
  const connections = await Promise.all(Array.from({ length: job.connections }, () => Connection.open(job.port, request)));
  try {
    if (job.kind === 'stream') return await readStreams(connections, job.count);
    return job.kind === 'closed' ? await runClosed(connections, job.ms) : await runOpen(connections, job.ms, job.rate);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** Every connection asks again as soon as it was answered. */
async function runClosed(connections: readonly Connection[], ms: number): Promise<Report> {
  const times: number[] = [];
  const begun = performance.now();
  const end = begun + ms;
  await Promise.all(
    connections.map(async (connection) => {
      for (let now = performance.now(); now < end; ) {
        await connection.ask();
        const answered = performance.now();
        times.push(answered - now);
        now = answered;
      }
    }),
  );
  return { times, ms: performance.now() - begun };
}

/**
 * Requests are due at a fixed rate, whatever became of those before; a time is counted from the moment a request was due, not from the
 * one at which a connection was free for it, so that a stall is paid for by all whom it delayed.
 */
async function runOpen(connections: readonly Connection[], ms: number, rate: number): Promise<Report> {
  const times: number[] = [];
  const free = [...connections];
  const late: number[] = [];
  const gap = 1_000 / rate;
  const total = Math.floor(ms / gap);
  const begun = performance.now() + 5;
  let due = begun;
  let failure: Error | null = null;
  const begin = (connection: Connection, since: number): void => {
    connection.ask().then(
      () => {
        times.push(performance.now() - since);
        const next = late.shift();
        if (next === undefined) free.push(connection);
        else begin(connection, next);
      },
      (error: Error) => (failure = error),
    );
  };
  for (let count = 0; times.length < total; ) {
    if (failure) throw failure;
    for (const now = performance.now(); count < total && due <= now; due += gap, count++) {
      const connection = free.pop();
      if (connection) begin(connection, due);
      else late.push(due);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { times, ms: performance.now() - begun };
}

/** One stream after another; every event says when the backend wrote it, on the clock that all processes of a machine share. */
async function readStreams(connections: readonly Connection[], count: number): Promise<Report> {
  const times: number[] = [];
  const firsts: number[] = [];
  const gaps: number[] = [];
  const begun = performance.now();
  for (const connection of connections) {
    let last = 0n;
    let asked = 0n;
    connection.onPart = (part) => {
      const now = process.hrtime.bigint();
      for (const [, written] of part.toString('latin1').matchAll(/@(\d+)@/g)) {
        times.push(Number(now - BigInt(written)) / 1e6);
        if (last === 0n) firsts.push(Number(now - asked) / 1e6);
        else gaps.push(Number(now - last) / 1e6);
        last = now;
      }
    };
    for (let stream = 0; stream < count; stream++) {
      last = 0n;
      asked = process.hrtime.bigint();
      await connection.ask();
    }
  }
  return { times, firsts, gaps, ms: performance.now() - begun };
}
