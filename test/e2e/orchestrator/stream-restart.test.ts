import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { HAS_POSTGRES, POSTGRES_URL } from '../../exams/store/stores.ts';
import { compileText, Policyd, until, writeArtifact } from '../policyd.ts';
import { SpecFolder } from './spec-folder.ts';
import { Reader } from './stream-reader.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEYLESS = 'backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n';
const STREAM = 'spec-001-login';

let homes: string[] = [];
let processes: Policyd[] = [];
afterEach(async () => {
  for (const policyd of processes) if (policyd.process.exitCode === null && policyd.process.signalCode === null) await kill(policyd);
  for (const home of homes) rmSync(home, { recursive: true, force: true });
  homes = [];
  processes = [];
});

async function start(home: string, folder: SpecFolder, env: Record<string, string> = {}): Promise<Policyd> {
  if (!homes.includes(home)) {
    homes.push(home);
    writeArtifact(join(home, 'generated'), await compileText(KEYLESS));
  }
  const policyd = await Policyd.run(home, join(home, 'generated'), { args: ['--spec-kit', folder.root], env });
  processes.push(policyd);
  return policyd;
}

async function kill(policyd: Policyd): Promise<void> {
  const ended = new Promise((resolve) => policyd.process.once('exit', resolve));
  policyd.process.kill('SIGKILL');
  await ended;
}

/** Ticks a task off and opens it again until somebody says stop or the server is gone. What was acknowledged, by note. */
async function toggle(policyd: Policyd, name: string, signal: AbortSignal, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; n < most && !signal.aborted; n++) {
    const note = `${name}-${n}`;
    const answer = await policyd
      .post('/task-update', { feature: '001-login', task_id: 'T001', status: n % 2 ? 'open' : 'done', note })
      .catch(() => null);
    if (answer === null) break;
    if (answer.status === 200) acknowledged.push(note);
    await answer.arrayBuffer().catch(() => {});
  }
  return acknowledged;
}

test('a reader resumes exactly where it was after policyd was killed, and nothing acknowledged is missing', {
  timeout: 240_000,
}, async () => {
  const folder = new SpecFolder();
  const home = mkdtempSync(join(tmpdir(), 'policyd-stream-'));
  const acknowledged: string[] = [];
  const seqs: number[] = [];
  const notes: string[] = [];
  for (let round = 0; round < 4; round++) {
    const policyd = await start(home, folder);
    const stop = new AbortController();
    const writers = Promise.all([0, 1].map((n) => toggle(policyd, `${round}-${n}`, stop.signal)));
    const reader = await until(
      () => Reader.open(`${policyd.url}/stream/${STREAM}${seqs.length === 0 ? '' : `?after=${seqs.at(-1)}`}`).catch(() => null),
      'the stream',
    );
    const enough = seqs.length + 8;
    await until(() => seqs.length + reader.seqs.length >= enough, 'frames', 60_000);
    await kill(policyd);
    stop.abort();
    for (const noted of await writers) acknowledged.push(...noted);
    await reader.closed;
    seqs.push(...reader.seqs);
    notes.push(...(reader.payloads as { note: string }[]).map(({ note }) => note));
  }
  const policyd = await start(home, folder);
  const reader = await Reader.open(`${policyd.url}/stream/${STREAM}?after=${seqs.at(-1)}`);
  await until(
    () => acknowledged.every((note) => notes.includes(note) || (reader.payloads as { note: string }[]).some((p) => p.note === note)),
    'the rest',
  );
  seqs.push(...reader.seqs);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, n) => n + 1));
  reader.socket.close();
  expect(await policyd.stop()).toBe(0);
  folder.remove();
});

test.runIf(HAS_POSTGRES)(
  'two processes on PostgreSQL: what one writes the readers of the other hear; one is killed, its readers go on at the other',
  { timeout: 240_000 },
  async () => {
    const name = `frames_${process.pid}_${Date.now().toString(36)}`;
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    await client.query(`create database ${name}`);
    const folder = new SpecFolder();
    try {
      const env = { DATABASE_URL: POSTGRES_URL.replace(/\/[^/]*$/, `/${name}`) };
      const pair = [
        await start(mkdtempSync(join(tmpdir(), 'policyd-stream-')), folder, env),
        await start(mkdtempSync(join(tmpdir(), 'policyd-stream-')), folder, env),
      ];
      const never = new AbortController().signal;
      await toggle(pair[0], 'first', never, 1);
      const readers = await Promise.all([pair[0], pair[0], pair[1]].map(({ url }) => Reader.open(`${url}/stream/${STREAM}`)));
      const begun = performance.now();
      await toggle(pair[0], 'hint', never, 1);
      await until(() => readers[2].seqs.length === 2, 'the reader of the other process');
      process.stdout.write(`over two processes: heard after ${Math.round(performance.now() - begun)} ms\n`);
      await Promise.all(pair.map((policyd, row) => toggle(policyd, `both${row}`, never, 15)));
      await until(() => readers.every(({ seqs }) => seqs.length === 32), 'all frames', 60_000);
      for (const { seqs } of readers) expect(seqs).toEqual(Array.from({ length: 32 }, (_, n) => n + 1));
      await kill(pair[0]);
      await Promise.all([readers[0].closed, readers[1].closed]);
      const moved = await Reader.open(`${pair[1].url}/stream/${STREAM}?after=${readers[0].seqs.at(-1)}`);
      await toggle(pair[1], 'alone', never, 5);
      await until(() => moved.seqs.length === 5 && readers[2].seqs.length === 37, 'what comes after');
      expect(moved.seqs).toEqual([33, 34, 35, 36, 37]);
      for (const reader of [moved, readers[2]]) reader.socket.close();
      expect(await pair[1].stop()).toBe(0);
    } finally {
      for (const policyd of processes) if (policyd.process.exitCode === null && policyd.process.signalCode === null) await kill(policyd);
      await client.query(`drop database if exists ${name} with (force)`);
      await client.end();
      folder.remove();
    }
  },
);
