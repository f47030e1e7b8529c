import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBoot } from '../../../runtime/orchestrator/local/process-identity.ts';
import { locateRun } from '../../../runtime/orchestrator/local/run-paths.ts';
import { LocalRunner } from '../../../runtime/orchestrator/local/local-runner.ts';
import type { RunRequest, RunStatus } from '../../../runtime/orchestrator/runner.ts';
import { awaitPhase, NEVER, readOutput, until, watchToEnd } from '../../exams/runners/await.ts';
import { findProcesses, findShims } from '../../exams/runners/find-processes.ts';
import { type MachineSite, makeMachine } from '../../exams/runners/machine.ts';

const LIMIT = 100_000;
const IS_ROOT = process.getuid?.() === 0;

describe.skipIf(process.platform !== 'linux')('what a shim sees to', () => {
  let site: MachineSite;
  let runner: LocalRunner;
  beforeEach(async () => {
    site = await makeMachine({ logLimit: LIMIT });
    runner = await site.open();
  });
  afterEach(async () => {
    await site.remove();
    await until(() => findProcesses(site.folder).length === 0, 'every process to end');
  });

  async function run(
    command: readonly string[],
    more: Partial<RunRequest['workload']> = {},
  ): Promise<{ last: RunStatus; output: string; run: RunRequest }> {
    const request = site.makeCommand(command, more);
    await runner.start(request);
    const last = (await watchToEnd(runner, request)).at(-1)!;
    return { last, output: (await readOutput(runner, request)).toString(), run: request };
  }
  const shell = (script: string, more: Partial<RunRequest['workload']> = {}): ReturnType<typeof run> => run(['sh', '-c', script], more);

  test('the environment is what it is told, and nothing of this process', async () => {
    process.env.NOT_FOR_RUNS = 'canary';
    const { output, run: request } = await run(['env', '-0'], {
      env: { MINE: 'a b', LANG: 'xx', POLICYD_JOB: 'forged', POLICYD_RUN: 'forged' },
    });
    delete process.env.NOT_FOR_RUNS;
    const found = Object.fromEntries(
      output
        .split('\0')
        .filter(Boolean)
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { folder, home } = locateRun(site.folder, request.id);
    expect(found).toEqual({
      PATH: process.env.PATH,
      HOME: home,
      LANG: 'xx',
      TMPDIR: `${home}/tmp`,
      TRACEPARENT: expect.stringMatching(/^00-0123456789abcdef0123456789abcdef-[0-9a-f]{16}-01$/),
      MINE: 'a b',
      POLICYD_JOB: request.job,
      POLICYD_RUN: folder,
    });
  });

  test('no shell reads a command: its words arrive as they are', async () => {
    const words = ['$HOME', '; exit 3', "it's", '"', '*', '', 'ü\n'];
    const { output } = await run([process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', '--', ...words]);
    expect(JSON.parse(output)).toEqual(words);
  });

  test('it runs in a folder of its own that nobody else may enter, with nothing to read', async () => {
    const { output, run: request } = await shell('pwd; stat -c %a .; ls -A; wc -c < /dev/stdin');
    expect(output.trim().split('\n')).toEqual([locateRun(site.folder, request.id).home, '700', 'tmp', '0']);
  });

  test('it has no rights to gain, few files to open and no core to leave', async () => {
    const { output } = await shell('grep -E "NoNewPrivs|CapEff|CapBnd" /proc/self/status; ulimit -Hn; ulimit -Hc; id -u; id -g; id -G');
    const { identity } = site.options.confinement;
    expect(output).toContain('NoNewPrivs:\t1');
    const [files, core, uid, gid, groups] = output.trim().split('\n').slice(3);
    expect([files, core]).toEqual(['4096', '0']);
    if (!IS_ROOT) return;
    expect(output).toMatch(/CapEff:\t0+\nCapBnd:\t0+\n/);
    expect([uid, gid, groups]).toEqual([String(identity!.uid), String(identity!.gid), String(identity!.gid)]);
  });

  test.runIf(IS_ROOT)('it cannot read what the server or another run has', async () => {
    const other = await shell('echo mine > secret');
    const folder = locateRun(site.folder, other.run.id);
    writeFileSync(join(site.folder, 'store'), 'secret', { mode: 0o600 });
    const { last, output } = await shell(
      `cat ${folder.run} ${folder.output} ${join(site.folder, 'store')}; ls ${site.folder} ${folder.state}; exit 7`,
    );
    expect(last.exitCode).toBe(7);
    expect(output.match(/Permission denied/g)).toHaveLength(5);
    // Runs are one user's, as the containers of a pod are: what they leave in their folders is not kept from each other.
    expect(statSync(folder.home).mode & 0o777).toBe(0o700);
  });

  test('both streams are one output in the order in which they were written, and may be opened again', async () => {
    const { output } = await shell('for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; echo again$i > /dev/stdout; done');
    expect(output).toBe([1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `out${i}\nerr${i}\nagain${i}\n`).join(''));
  });

  test('output is kept whole up to its limit; the rest is counted and told; the run goes on', async () => {
    const { last, output } = await shell(`head -c 5000000 /dev/zero | tr '\\0' x; exit 6`);
    expect(output).toBe('x'.repeat(LIMIT));
    expect(last).toMatchObject({ phase: 'failed', exitCode: 6 });
    expect(last.reason).toContain(`${5_000_000 - LIMIT} bytes of output were not kept, after the first ${LIMIT}`);
  });

  test('what a run prints without end costs its shim no memory', { timeout: 60_000 }, async () => {
    const request = site.makeCommand(['sh', '-c', 'exec cat /dev/zero']);
    await runner.start(request);
    await awaitPhase(runner, request, 'running');
    await sleep(1_500);
    const [shim] = findShims(site.folder);
    const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${shim}/status`, 'utf8'))!;
    expect(Number(peak)).toBeLessThan(160 * 1024);
    expect(statSync(locateRun(site.folder, request.id).output).size).toBe(LIMIT);
  });

  test('a program that is not there, or is none, is a reason and not a riddle', async () => {
    expect((await run(['no-such-program'])).last).toMatchObject({
      phase: 'failed',
      exitCode: 127,
      reason: 'StartError: there is no program `no-such-program`',
    });
    expect((await run(['/etc/passwd'])).last).toMatchObject({ phase: 'failed', exitCode: 127 });
    expect((await run(['/tmp'])).last).toMatchObject({ phase: 'failed', exitCode: 127 });
  });

  test('a run that a signal ends says which', async () => {
    expect((await shell('kill -SEGV $$')).last).toMatchObject({
      phase: 'failed',
      exitCode: 139,
      reason: 'Signaled: it was ended by SIGSEGV',
    });
  });

  test('more memory than it asked for is not to be had', async () => {
    const grab = [process.execPath, '--max-old-space-size=4096', '-e', 'const kept = []; for (;;) kept.push(Buffer.alloc(16 << 20, 1))'];
    const { last } = await run(grab, { needs: { cpuMillis: 100, memoryBytes: 200 * 2 ** 20, gpus: 0 } });
    expect(last).toMatchObject({ phase: 'failed', reason: `OOMKilled: it used more than ${200 * 2 ** 20} bytes` });
    // Also where no process of it has too much by itself.
    const part = `${process.execPath} -e "globalThis.kept = Buffer.alloc(60 << 20, 1); setInterval(() => {}, 1000)"`;
    const many = await shell(`setsid ${part} & ${part} & ${part} & ${part} & wait`, {
      needs: { cpuMillis: 100, memoryBytes: 200 * 2 ** 20, gpus: 0 },
    });
    expect(many.last).toMatchObject({ phase: 'failed', reason: `OOMKilled: it used more than ${200 * 2 ** 20} bytes` });
  });

  test('nobody who runs too long is forgotten: the shim ends it, although nobody watches', { timeout: 60_000 }, async () => {
    const { last } = await shell('sleep 1000', { timeout: 200 });
    expect(last).toMatchObject({ phase: 'failed', reason: 'DeadlineExceeded: it ran longer than 200 ms' });
  });

  test('when a run ends, all that it left behind ends: in its group, in other sessions, and what ignores it', async () => {
    const { last, run: request } = await shell(
      "sleep 1000 & setsid sleep 1000 & (trap '' TERM; setsid sh -c 'while :; do sleep 1; done') & sleep 0.3",
    );
    expect(last.phase).toBe('succeeded');
    await until(() => findProcesses(request.id).length === 0, 'all to end', 5_000);
  });

  test('being asked to end is heard by all of a run; who takes longer than its time is ended', async () => {
    const request = site.makeCommand([
      'sh',
      '-c',
      "trap 'echo bye; exit 0' TERM; setsid sh -c 'trap \"echo other; exit\" TERM; while :; do sleep 0.05; done' & while :; do sleep 0.05; done",
    ]);
    await runner.start(request);
    await awaitPhase(runner, request, 'running');
    await sleep(300);
    expect(await runner.stop(request, { grace: 10_000, evict: true, reason: 'room' })).toEqual({ result: 'stopped' });
    expect((await watchToEnd(runner, request)).at(-1)).toMatchObject({ phase: 'evicted', exitCode: 0, reason: 'Evicted: room' });
    expect((await readOutput(runner, request)).toString()).toContain('bye');
  });

  test('a second stop may be more urgent than the first', async () => {
    const request = site.makeRun({ exit: 'stay', stubborn: true });
    await runner.start(request);
    await until(async () => (await site.countStarts(request)) > 0, 'the start');
    const before = performance.now();
    const first = runner.stop(request, { grace: 60_000, evict: true, reason: 'room' });
    await sleep(100);
    await runner.stop(request, { grace: 100, evict: false, reason: 'now' });
    expect(await first).toEqual({ result: 'stopped' });
    expect(performance.now() - before).toBeLessThan(30_000);
    expect((await watchToEnd(runner, request)).at(-1)).toMatchObject({ phase: 'evicted', reason: 'Evicted: room' });
  });

  test('a lease keeps a run while it is renewed; its shim ends it when it is over, although nobody watches', {
    timeout: 60_000,
  }, async () => {
    const folder = join(site.folder, '..', 'leases');
    mkdirSync(folder);
    const lease = join(folder, 'one');
    const renew = (more: number, boot = readBoot()): void => {
      writeFileSync(`${lease}.new`, `${boot} ${Math.floor(uptime() * 1000) + more}\n`);
      renameSync(`${lease}.new`, lease);
    };
    renew(1_000);
    const request = { ...site.makeRun({ exit: 'stay', stubborn: true }), lease };
    await runner.start(request);
    await awaitPhase(runner, request, 'running');
    for (let i = 0; i < 10; i++) {
      renew(30_000);
      await sleep(200);
    }
    expect((await runner.start(request)).phase).toBe('running');
    renew(300);
    expect((await watchToEnd(runner, request)).at(-1)).toMatchObject({ phase: 'lost', reason: 'Lost: its lease ran out' });
    await until(() => findProcesses(request.id).length === 0, 'all to end', 5_000);
    for (const set of [() => renew(-1), () => renew(60_000, 'another'), () => writeFileSync(lease, 'garbage')]) {
      set();
      const late = { ...site.makeRun({}), lease };
      await runner.start(late);
      expect((await watchToEnd(runner, late)).at(-1)!.phase).toBe('lost');
      expect(await site.countStarts(late)).toBe(0);
    }
  });

  test('output and folder of ended runs go after a while, what became of them stays', async () => {
    const { run: request, last } = await shell('echo text > file; echo said');
    const paths = locateRun(site.folder, request.id);
    expect(readdirSync(paths.home).sort()).toEqual(['file', 'tmp']);
    const later = await LocalRunner.open({ ...site.options, retention: 0 });
    await sleep(20);
    await later.list(NEVER);
    expect(await later.list(NEVER)).toEqual([]);
    expect(readdirSync(site.folder)).toEqual(['.ended']);
    expect(readdirSync(join(site.folder, '.ended', request.id))).toEqual(['state']);
    expect(await later.start(request)).toEqual(last);
    expect((await watchToEnd(later, request)).at(-1)).toEqual(last);
    expect((await readOutput(later, request)).toString()).toBe('');
    expect(await later.stop(request, { grace: 0, evict: false, reason: 'late' })).toEqual({ result: 'gone' });
    expect(readdirSync(site.folder)).toEqual(['.ended']);
    await later.close();
  });
});
