import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Policyd, until } from '../policyd.ts';
import { Reader } from './stream-reader.ts';
import { writeFrames } from './write-frames.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEYLESS = 'backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n';
const MIB = 2 ** 20;

let policyd: Policyd | null = null;
afterEach(async () => {
  await policyd?.stop();
  policyd = null;
});

/** Bytes of memory that a process has. */
const measure = ({ process: { pid } }: Policyd): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

describe('a reader that does not read', () => {
  test('costs bounded memory, and is told what it missed when it reads on', { timeout: 240_000 }, async () => {
    const STALLED = 20;
    const FRAMES = 2_400;
    policyd = await Policyd.start(KEYLESS, { args: ['--read-timeout', '10m'] });
    const log = await writeFrames(policyd, 'job', null, ['first']);
    const readers = await Promise.all(Array.from({ length: STALLED }, () => Reader.open(`${policyd!.url}/stream/job`)));
    for (const reader of readers) {
      await reader.until(() => reader.seqs.length === 1);
      reader.socket.pause();
    }
    const awake = await Reader.open(`${policyd.url}/stream/job`);
    const before = measure(policyd);
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, measure(policyd!));
    }, 50);
    // 72 MiB, of which a stream keeps 16.
    for (let n = 0; n < FRAMES; n += 50) {
      await Promise.all(Array.from({ length: 50 }, () => log.append('job', null, 'log', 'x'.repeat(30 * 1024))));
    }
    await until(() => awake.seqs.at(-1) === FRAMES + 1, 'the reader that reads', 60_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    clearInterval(watch);
    // Were all of it kept for each of them, it would be 1,440 MiB.
    process.stdout.write(
      `stalled readers: ${STALLED}, written ${Math.round((FRAMES * 30) / 1024)} MiB, grown by ${Math.round((most - before) / MIB)} MiB\n`,
    );
    expect(most - before).toBeLessThan(200 * MIB);
    await log.end('job');
    for (const reader of readers) reader.socket.resume();
    for (const reader of readers) {
      expect(await reader.closed).toEqual({ code: 1000, reason: 'ended' });
      expectWhole(reader, FRAMES + 1);
      expect(reader.frames.some(({ payload }) => (payload as { missed?: object }).missed !== undefined)).toBe(true);
    }
    expectWhole(awake, FRAMES + 1);
    await log.close();
  });

  test('is closed with a code and a reason after a while', { timeout: 120_000 }, async () => {
    policyd = await Policyd.start(KEYLESS, { args: ['--read-timeout', '6s'] });
    const log = await writeFrames(policyd, 'job', null, ['first']);
    const reader = await Reader.open(`${policyd.url}/stream/job`);
    await reader.until(() => reader.seqs.length === 1);
    reader.socket.pause();
    for (let n = 0; n < 800; n += 50) {
      await Promise.all(Array.from({ length: 50 }, () => log.append('job', null, 'log', 'x'.repeat(30 * 1024))));
    }
    await until(
      async () => /policyd_refusals_total\{[^}]*"unread"[^}]*\} [1-9]/.test(await (await fetch(`${policyd!.url}/metrics`)).text()),
      'its end',
      30_000,
    );
    reader.socket.resume();
    const { code, reason } = await reader.closed;
    // 1006: the connection was ended before it read on.
    expect([1006, 1008]).toContain(code);
    if (code === 1008) expect(reason).toContain('[unread]');
    const last = reader.seqs.at(-1)!;
    const again = await Reader.open(`${policyd.url}/stream/job?after=${last}`);
    await until(() => again.seqs.at(-1) === 801, 'the rest', 30_000);
    again.socket.close();
    expectWhole({ frames: [...reader.frames, ...again.frames] }, 801);
    await log.close();
  });
});

/** Every number from 1 on was heard once and in order, or told to be missed. */
function expectWhole({ frames }: Pick<Reader, 'frames'>, newest: number): void {
  let next = 1;
  for (const { seq, payload } of frames) {
    const { missed } = payload as { missed?: { from: number; to: number; count: number } };
    if (missed !== undefined) {
      expect(missed).toEqual({ from: next, to: missed.to, count: missed.to - next + 1 });
      next = missed.to + 1;
    } else if (seq !== undefined) {
      expect(seq).toBe(next);
      next++;
    }
  }
  expect(next).toBe(newest + 1);
}

describe('1,000 readers of one process', () => {
  test('all hear everything, and the heartbeat between', { timeout: 240_000 }, async () => {
    const READERS = 1_000;
    policyd = await Policyd.start(KEYLESS);
    const log = await writeFrames(policyd, 'job', null, ['first']);
    const before = measure(policyd);
    const readers: Reader[] = [];
    for (let n = 0; n < READERS; n += 50) {
      readers.push(...(await Promise.all(Array.from({ length: 50 }, () => Reader.open(`${policyd!.url}/stream/job`)))));
    }
    expect((await fetch(`${policyd.url}/health/live`)).status).toBe(200);
    const begun = performance.now();
    for (let n = 0; n < 100; n += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, k) => log.append('job', null, 'log', { line: n + k, text: 'x'.repeat(200) })));
    }
    await until(() => readers.every((reader) => reader.seqs.at(-1) === 101), 'all to hear all', 120_000);
    const took = performance.now() - begun;
    const grown = measure(policyd) - before;
    process.stdout.write(
      `1,000 readers: 100,000 frames heard after ${Math.round(took)} ms, ${Math.round(grown / READERS / 1024)} KiB of memory each\n`,
    );
    for (const reader of readers) expectWhole(reader, 101);
    // With nothing else to hear, every reader hears at least this.
    const seen = readers.map(({ frames }) => frames.length);
    await until(
      () => readers.every(({ frames }, row) => frames.slice(seen[row]).some(({ type }) => type === 'heartbeat')),
      'heartbeats',
      60_000,
    );
    const closed = Promise.all(readers.map((reader) => reader.closed));
    await log.close();
    expect(await policyd.stop()).toBe(0);
    const ends = await closed;
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([1001]));
    expect(ends[0].reason).toContain('[closing]');
  });
});

test('heartbeats come at least every 5 s', { timeout: 60_000 }, async () => {
  policyd = await Policyd.start(KEYLESS);
  const log = await writeFrames(policyd, 'job', null, ['first']);
  const reader = await Reader.open(`${policyd.url}/stream/job`);
  await until(() => reader.frames.filter(({ type }) => type === 'heartbeat').length >= 3, 'three heartbeats', 40_000);
  const times = reader.frames.filter(({ type }) => type === 'heartbeat').map(({ ts }) => ts);
  // As the server stamped them; a second for a machine that is busy.
  for (const [row, ts] of times.entries()) if (row > 0) expect(ts - times[row - 1]).toBeLessThan(6_000);
  reader.socket.close();
  await log.close();
});
