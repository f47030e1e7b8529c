import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RunnerError, type Runner, type RunStatus } from '../../runtime/orchestrator/runner.ts';
import { awaitPhase, hasEnded, NEVER, readOutput, until, watchToEnd } from './runners/await.ts';
import type { Site } from './runners/candidate.ts';
import { CANDIDATES } from './runners/candidates.ts';

describe.each(Object.entries(CANDIDATES).flatMap(([name, make]) => (make === null ? [] : [{ name, make }])))('runner: $name', ({
  make,
}) => {
  let site: Site;
  let runner: Runner;
  beforeEach(async () => {
    site = await make();
    runner = await site.open();
  }, 60_000);
  afterEach(() => site.remove(), 120_000);

  const STOP = { grace: 20_000, evict: false, reason: 'the exam wants it' } as const;

  test('a run that succeeds: its phases in order, its exit code, its times', async () => {
    const run = site.makeRun({ text: 'hello', exit: 0 });
    const before = Date.now();
    const first = await runner.start(run);
    expect(['pending', 'running', 'succeeded']).toContain(first.phase);
    const heard = await watchToEnd(runner, run);
    const phases = heard.map(({ phase }) => phase);
    expect(phases.filter((phase, row) => phase !== phases[row - 1])).toEqual([
      ...['pending', 'running'].filter((phase) => phases.includes(phase as never)),
      'succeeded',
    ]);
    const last = heard.at(-1)!;
    expect(last).toMatchObject({ phase: 'succeeded', exitCode: 0 });
    // Clocks of clusters tell seconds.
    expect(last.startedAt).toBeGreaterThanOrEqual(before - 2_000);
    expect(last.endedAt).toBeGreaterThanOrEqual(last.startedAt!);
  });

  test.each([1, 3, 77])('a run that fails with %i says so, with a reason', async (exit) => {
    const run = site.makeRun({ exit });
    await runner.start(run);
    const last = (await watchToEnd(runner, run)).at(-1)!;
    expect(last).toMatchObject({ phase: 'failed', exitCode: exit });
    expect(last.reason).toMatch(/./);
  });

  test('starting a run again finds it: while it runs, when it has ended, and from another runner', async () => {
    const run = site.makeRun({ exit: 'stay' });
    await runner.start(run);
    await awaitPhase(runner, run, 'running');
    const other = await site.open();
    expect((await other.start(run)).phase).toBe('running');
    expect((await runner.start(run)).phase).toBe('running');
    await runner.stop(run, STOP);
    expect(hasEnded(await runner.start(run))).toBe(true);
    expect(hasEnded(await other.start(run))).toBe(true);
    expect(await site.countStarts(run)).toBe(1);
  });

  test('starts of one run at the same time, from two runners, make one', async () => {
    const run = site.makeRun({ exit: 'stay' });
    const runners = [runner, await site.open()];
    await Promise.all(Array.from({ length: 12 }, (_, i) => runners[i % 2].start(run)));
    await awaitPhase(runner, run, 'running');
    await until(async () => (await site.countStarts(run)) > 0, 'the start');
    await sleep(300);
    expect(await site.countStarts(run)).toBe(1);
    expect((await runner.list(NEVER)).filter(({ id }) => id === run.id)).toHaveLength(1);
  });

  test('output is exact, from any byte on, when the run has ended', { timeout: 60_000 }, async () => {
    const text = Array.from({ length: 997 }, (_, i) => `line ${i}`).join('\n');
    const run = site.makeRun({ text, times: 40 });
    await runner.start(run);
    const whole = Buffer.from(text.repeat(40));
    expect((await readOutput(runner, run)).equals(whole)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length + 100 }), async (from) => {
        expect((await readOutput(runner, run, from)).equals(whole.subarray(from))).toBe(true);
      }),
      { numRuns: 20, examples: [[0], [1], [65_536], [whole.length - 1], [whole.length], [whole.length + 1]] },
    );
  });

  test('output is followed while the run goes on, and complete when it ends', async () => {
    const run = site.makeRun({ text: 'tick ', times: 12, every: 100 });
    await runner.start(run);
    const pieces: string[] = [];
    let early = false;
    await runner.logs(
      run,
      0,
      async (bytes) => {
        early ||= pieces.length === 0 && bytes.length < 60;
        pieces.push(bytes.toString());
      },
      NEVER,
    );
    expect(pieces.join('')).toBe('tick '.repeat(12));
    expect(early, 'the first piece comes before the last tick').toBe(true);
  });

  test('a slow reader is waited for: one piece at a time, all of it in the end', { timeout: 60_000 }, async () => {
    const run = site.makeRun({ text: 'x'.repeat(32_000), times: 200 });
    await runner.start(run);
    await watchToEnd(runner, run);
    let [reading, total, largest] = [0, 0, 0];
    await runner.logs(
      run,
      0,
      async (bytes) => {
        expect(++reading).toBe(1);
        total += bytes.length;
        largest = Math.max(largest, bytes.length);
        await sleep(total < 1_000_000 ? 10 : 0);
        reading--;
      },
      NEVER,
    );
    expect(total).toBe(6_400_000);
    expect(largest).toBeLessThanOrEqual(2 ** 20);
  });

  test('a reader that leaves is let go of at once', async () => {
    const run = site.makeRun({ text: 'a', exit: 'stay' });
    await runner.start(run);
    const leave = new AbortController();
    await runner.logs(run, 0, async () => leave.abort(), leave.signal);
    const bored = new AbortController();
    await runner.watch(run, () => bored.abort(), bored.signal);
    await runner.watch(run, () => expect.unreachable('it had left'), AbortSignal.abort());
    expect((await awaitPhase(runner, run, 'running')).phase).toBe('running');
  });

  test.each([
    [false, 'failed'],
    [true, 'evicted'],
  ] as const)('a run that is asked to end, ends before its time (evict %s)', async (evict, phase) => {
    const run = site.makeRun({ exit: 'stay' });
    await runner.start(run);
    await awaitPhase(runner, run, 'running');
    await until(async () => (await site.countStarts(run)) > 0, 'the start');
    const heard = watchToEnd(runner, run);
    const before = performance.now();
    expect(await runner.stop(run, { ...STOP, evict })).toEqual({ result: 'stopped' });
    expect(performance.now() - before).toBeLessThan(STOP.grace);
    const last = (await heard).at(-1)!;
    expect(last.phase).toBe(phase);
    expect(last.reason).toContain(STOP.reason);
    expect(await runner.stop(run, { ...STOP, evict })).toEqual({ result: 'gone' });
  });

  test('a run that does not listen is ended by force', async () => {
    const run = site.makeRun({ exit: 'stay', stubborn: true });
    await runner.start(run);
    await until(async () => (await site.countStarts(run)) > 0, 'the start');
    const before = performance.now();
    expect(await runner.stop(run, { ...STOP, grace: 1_000 })).toEqual({ result: 'stopped' });
    expect(performance.now() - before).toBeGreaterThanOrEqual(900);
    expect(hasEnded((await watchToEnd(runner, run)).at(-1)!)).toBe(true);
  });

  test('a run that is stopped as soon as it was asked for ends, begun or not', async () => {
    const run = site.makeRun({ exit: 'stay' });
    await runner.start(run);
    expect(await runner.stop(run, STOP)).toEqual({ result: 'stopped' });
    expect(hasEnded((await watchToEnd(runner, run)).at(-1)!)).toBe(true);
    expect(await site.countStarts(run)).toBeLessThanOrEqual(1);
  });

  test('who stops and who watches may be another than who started', async () => {
    const run = site.makeRun({ text: 'spoken', exit: 'stay' });
    await runner.start(run);
    await awaitPhase(runner, run, 'running');
    await runner.close();
    const other = await site.open();
    expect((await awaitPhase(other, run, 'running')).phase).toBe('running');
    const output = readOutput(other, run);
    const heard = watchToEnd(other, run);
    await until(async () => (await site.countStarts(run)) > 0, 'the start');
    expect(await other.stop(run, STOP)).toEqual({ result: 'stopped' });
    expect(hasEnded((await heard).at(-1)!)).toBe(true);
    expect((await output).toString()).toBe('spoken');
    expect(await site.countStarts(run)).toBe(1);
  });

  test('closing lets go of watchers and readers, and of no run', async () => {
    const run = site.makeRun({ exit: 'stay' });
    await runner.start(run);
    await awaitPhase(runner, run, 'running');
    const heard: RunStatus[] = [];
    const waiting = Promise.all([runner.watch(run, (status) => heard.push(status), NEVER), readOutput(runner, run)]);
    await until(() => heard.length > 0, 'a status');
    await runner.close();
    await waiting;
    expect(heard.every((status) => !hasEnded(status))).toBe(true);
    expect((await awaitPhase(await site.open(), run, 'running')).phase).toBe('running');
  });

  test('a run that is not there is lost, has no output, and is gone for who stops it', async () => {
    const run = site.makeRun({});
    expect((await watchToEnd(runner, run)).map(({ phase }) => phase)).toEqual(['lost']);
    expect(await readOutput(runner, run)).toHaveLength(0);
    expect(await runner.stop(run, STOP)).toEqual({ result: 'gone' });
    expect(await site.countStarts(run)).toBe(0);
  });

  test('a list has every run once, with its job and node', async () => {
    const runs = [site.makeRun({ exit: 'stay' }), site.makeRun({ exit: 0 }), site.makeRun({ exit: 4 })];
    for (const run of runs) await runner.start(run);
    await awaitPhase(runner, runs[0], 'running');
    for (const run of runs.slice(1)) await watchToEnd(runner, run);
    for (const one of [runner, await site.open()]) {
      const pods = (await one.list(NEVER)).filter(({ foreign }) => !foreign);
      expect(pods.map(({ id }) => id).sort()).toEqual(runs.map(({ id }) => id).sort());
      expect(runs.map(({ id }) => pods.find((pod) => pod.id === id)!.status.phase)).toEqual(['running', 'succeeded', 'failed']);
      for (const pod of pods) expect(pod).toMatchObject({ job: runs[0].job, name: runs[0].workload.name, node: site.node });
    }
  });

  test('what a run asked for is taken from its node, and comes back', async () => {
    const node = (): ReturnType<Runner['nodes']>[number] => runner.nodes().find(({ name }) => name === site.node)!;
    const before = node();
    expect(before).toMatchObject({ reachable: true, cordoned: false });
    const run = site.makeRun({ exit: 'stay' });
    await runner.start(run);
    await until(() => node().free.cpuMillis === before.free.cpuMillis - run.workload.needs.cpuMillis, 'what is free to shrink');
    expect(node().free.memoryBytes).toBeLessThanOrEqual(before.free.memoryBytes - run.workload.needs.memoryBytes);
    await runner.stop(run, STOP);
    await until(() => node().free.cpuMillis === before.free.cpuMillis, 'what is free to grow');
    expect(node().total).toEqual(before.total);
  });

  test('what cannot be done is told as an error of the runner', async () => {
    await expect(runner.start({ ...site.makeRun({}), id: '../elsewhere' })).rejects.toThrow(RunnerError);
    await expect(runner.watch({ id: 'UPPER', node: site.node }, () => {}, NEVER)).rejects.toThrow(RunnerError);
  });
});
