import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LogPlace, LogReader } from '../../../runtime/orchestrator/kubernetes/read-log.ts';
import type { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import { ContainerLog } from '../../kube/container-log.ts';
import { openRunner, readAll, request } from '../../kube/cluster-world.ts';
import { KubeServer } from '../../kube/kube-server.ts';

describe('a log with time stamps', () => {
  /** What a kubelet sends from `since` on, as one piece. */
  const readRaw = async (log: ContainerLog, since: string | null): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of log.read({ follow: false, timestamps: true, since }, new AbortController().signal)) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  test('however it is written, cut and taken up again: every byte comes once, in order', async () => {
    // One in four is longer than what containerd writes at once.
    const bytes = fc.oneof(
      { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 16_000, max: 40_000 }).map((length) => new Uint8Array(length).fill(120)) },
    );
    const lines = fc.array(fc.record({ bytes, still: fc.boolean() }), { maxLength: 12 });
    const cuts = fc.array(fc.record({ after: fc.nat({ max: 60_000 }), chunk: fc.integer({ min: 1, max: 3_000 }) }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('containerd', 'conmon'), lines, cuts, async (runtime, written, breaks) => {
        const log = new ContainerLog(runtime);
        for (const { bytes: line, still } of written) {
          log.still = still;
          log.write(Buffer.from(line));
          log.write(Buffer.from('\n'));
        }
        log.end();
        const whole = Buffer.concat(written.flatMap(({ bytes: line }) => [Buffer.from(line), Buffer.from('\n')]));
        const place: LogPlace = { stamp: null, count: 0, bytes: 0 };
        const got: Buffer[] = [];
        for (const { after, chunk } of [...breaks, { after: Number.POSITIVE_INFINITY, chunk: 4_096 }]) {
          const since = place.stamp === null ? null : `${place.stamp.slice(0, 19)}Z`;
          const raw = await readRaw(log, since);
          const reader = new LogReader(place);
          for (let at = 0; at < Math.min(raw.length, after); at += chunk)
            got.push(reader.take(raw.subarray(at, Math.min(at + chunk, after))));
        }
        expect(Buffer.concat(got).equals(whole)).toBe(true);
      }),
      { numRuns: 150, interruptAfterTimeLimit: 30_000 },
    );
  });

  test('after a rotation it goes on with the first line that is younger', async () => {
    const log = new ContainerLog();
    log.write(Buffer.from('a\nb\n'));
    const place: LogPlace = { stamp: null, count: 0, bytes: 0 };
    expect(new LogReader(place).take(await readRaw(log, null)).toString()).toBe('a\nb\n');
    log.write(Buffer.from('lost\n'));
    log.rotate();
    log.write(Buffer.from('c\n'));
    expect(new LogReader(place).take(await readRaw(log, null)).toString()).toBe('c\n');
  });
});

describe('over a cluster', () => {
  let server: KubeServer;
  let runner: KubernetesRunner;
  beforeEach(async () => {
    server = await KubeServer.start();
    server.addNode('one');
    runner = openRunner(server);
  });
  afterEach(async () => {
    await runner.close();
    await server.close();
  });

  test('a connection that breaks again and again loses nothing and tells nothing twice', async () => {
    const script =
      'for (let i = 0; i < 600; i += 1) { process.stdout.write(`line ${i} ${"x".repeat(i)}\\n`); await new Promise((r) => setTimeout(r, 4)); }';
    const run = request([process.execPath, '--input-type=module', '-e', script]);
    await runner.start(run);
    const whole = Array.from({ length: 600 }, (_, i) => `line ${i} ${'x'.repeat(i)}\n`).join('');
    let breaks = 0;
    const pieces: Buffer[] = [];
    await runner.logs(
      run,
      0,
      async (bytes) => {
        pieces.push(Buffer.from(bytes));
        if (breaks < 12) {
          breaks += 1;
          server.breakLogs(breaks % 2 === 0 ? 'cut' : 'end');
        }
      },
      AbortSignal.timeout(60_000),
    );
    expect(breaks).toBeGreaterThan(3);
    expect(Buffer.concat(pieces).toString()).toBe(whole);
  });

  test('from any byte on', async () => {
    const run = request(['printf', 'one\\ntwo\\nno end']);
    await runner.start(run);
    const whole = Buffer.from('one\ntwo\nno end');
    for (let from = 0; from <= whole.length; from += 1) expect(await readAll(runner, run, from)).toEqual(whole.subarray(from));
  });

  test('bytes that are no text', async () => {
    const run = request([
      process.execPath,
      '-e',
      'process.stdout.write(Buffer.from(Array.from({ length: 70000 }, (_, i) => (i * 7 + (i >> 8)) & 255)))',
    ]);
    await runner.start(run);
    const whole = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
    expect((await readAll(runner, run)).equals(whole)).toBe(true);
  });

  test('a reader that takes its time holds up the connection, and no memory', async () => {
    const run = request([process.execPath, '-e', 'process.stdout.write("0123456789abcdef".repeat(4 * 65536))']);
    await runner.start(run);
    await expect.poll(async () => (await follow1(run)).phase, { timeout: 30_000 }).toBe('succeeded');
    let heard = 0;
    let free: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    const reading = runner.logs(
      run,
      0,
      async (bytes) => {
        heard += bytes.length;
        if (heard === bytes.length) await held;
      },
      AbortSignal.timeout(60_000),
    );
    // It stands still well before its 4 MiB: what it is ahead is in sockets.
    let last = -1;
    await expect
      .poll(
        () => {
          const still = server.logBytes === last && heard > 0;
          last = server.logBytes;
          return still;
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe(true);
    expect(heard).toBeLessThanOrEqual(256 * 1024);
    expect(server.logBytes).toBeLessThan(4 * 1024 * 1024);
    free();
    await reading;
    expect(heard).toBe(4 * 1024 * 1024);
  });

  test('a pod that has not started is waited for; one that never does has no log', async () => {
    server.kubelet.startTime = 300;
    const run = request(['echo', 'late']);
    await runner.start(run);
    expect((await readAll(runner, run)).toString()).toBe('late\n');
    const stuck = request(['true'], { image: 'missing/b' });
    await runner.start(stuck);
    const reading = readAll(runner, stuck);
    await runner.stop(stuck, { grace: 1_000, evict: false, reason: 'test' });
    expect((await reading).length).toBe(0);
    expect((await readAll(runner, { id: 'nobody-1', node: 'kubernetes/one' })).length).toBe(0);
  });

  test('a log that is rotated while it is followed goes on', async () => {
    const run = request(['sh', '-c', 'echo one; sleep 0.5; echo two; sleep 0.5; echo three']);
    await runner.start(run);
    const pieces: string[] = [];
    await runner.logs(
      run,
      0,
      async (bytes) => {
        pieces.push(bytes.toString());
        if (bytes.toString() !== 'one\n') return;
        server.kubelet.logs.get(server.store.get('pods', 'policyd', run.id).metadata.uid)!.rotate();
        server.breakLogs('cut');
      },
      AbortSignal.timeout(60_000),
    );
    expect(pieces.join('')).toBe('one\ntwo\nthree\n');
  });

  test('it stops at once when asked to', async () => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const enough = new AbortController();
    const reading = runner.logs(run, 0, async () => {}, enough.signal);
    await expect.poll(() => server.asked.some(({ resource }) => resource === 'pods/log'), { timeout: 20_000 }).toBe(true);
    enough.abort();
    await reading;
  });

  async function follow1(run: { id: string; node: string }) {
    const [found] = (await runner.list(AbortSignal.timeout(20_000))).filter(({ id }) => id === run.id);
    return found?.status ?? { phase: 'none' };
  }
});
