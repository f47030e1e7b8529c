// Keeps one run: starts its command, writes down what it prints and how it ends, and outlives the policyd that started it.
// `node shim.js <folder>` runs it, unless another shim has taken it; `node shim.js <folder> bury` ends what a dead shim left behind.
// Plain JavaScript without dependencies, so that it starts fast and small. The files of a folder are told in `run-paths.ts`.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { constants as os } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [folder, mode] = process.argv.slice(2);
const file = (name) => join(folder, 'state', name);
const ENDS = ['succeeded', 'failed', 'evicted', 'lost'];
/** Ms that a stop without a time of its own leaves. */
const GRACE = 10_000;
/** Ms by which the timeout of a run is exceeded before its shim ends it, since who controls the run should come first. */
const LENIENCE = 5_000;
/** Ms between two looks at the lease. */
const LEASE = 200;
/** Ms between two looks at the memory of a run that no cgroup limits; every how many of them all processes of the machine are looked through. */
const MEMORY = 250;
const SEARCH = 16;
/** Seconds for which the end of a run is tried to be written. */
const INSISTENCE = 3_600;
/** Ms that the output may stay open behind a run that has ended. */
const LINGER = 2_000;

process.on('SIGHUP', () => {});
process.on('SIGINT', () => {});
let hearStop = () => {};
let lease = null;
process.on('SIGTERM', () => hearStop());

const run = readJson(file('run.json'));

/** @returns {boolean} false: another shim has it */
function take() {
  const own = { pid: process.pid, start: readStart(process.pid), boot: readBoot() };
  const beside = `${file('claim.json')}.${process.pid}.tmp`;
  writeWhole(beside, JSON.stringify(own));
  try {
    fs.linkSync(beside, file('claim.json'));
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.unlinkSync(beside);
  }
  syncFolder(file('.'));
  return true;
}

let child;

async function keep() {
  // The claim is there: who writes `stop.json` from now on sees it and sends a signal; what was written before is seen here.
  if (fs.existsSync(file('stop.json'))) return endAs({ ...readStop(), exitCode: null, startedAt: null });
  if (leaseIsOver()) return endAs({ phase: 'lost', reason: 'Lost: its lease ran out before it began', exitCode: null, startedAt: null });
  const program = findProgram();
  if (program === null) {
    const reason = `StartError: there is no program \`${run.command[0]}\``;
    return endAs({ phase: 'failed', reason, exitCode: 127, startedAt: null });
  }
  const output = new Output();
  let ended;
  const end = new Promise((done) => {
    ended = done;
  });
  try {
    const inside = enterCgroups();
    const argv = [...run.prefix, program, ...run.command.slice(1)];
    const ids = run.ids === null ? {} : { uid: run.ids.uid, gid: run.ids.gid };
    child = spawn(argv[0], argv.slice(1), { cwd: run.home, env: run.env, detached: true, stdio: output.stdio(), ...ids });
    child.on('error', (error) => ended({ error }));
    child.on('exit', (code, signal) => ended({ code, signal }));
    inside();
  } catch (error) {
    return endAs({ phase: 'failed', reason: `StartError: ${error.message}`, exitCode: null, startedAt: null });
  }
  output.follow(child);
  const startedAt = Date.now();
  if (child.pid !== undefined) {
    writeState({ phase: 'running', reason: null, exitCode: null, startedAt, endedAt: null, pid: child.pid, start: readStart(child.pid) });
  }
  forgetEnvironment();

  let asked = null;
  let force = null;
  let late = false;
  hearStop = () => {
    const stop = readStop();
    asked ??= stop;
    signalAll(child.pid, 'SIGTERM');
    clearTimeout(force);
    force = setTimeout(() => endAll(child.pid), stop.grace);
  };
  if (fs.existsSync(file('stop.json'))) hearStop();
  const deadline =
    run.timeout === null
      ? null
      : setTimeout(
          () => {
            late = true;
            endAll(child.pid);
          },
          Math.min(run.timeout + LENIENCE, 2 ** 31 - 1),
        );

  const leased = setInterval(() => {
    if (!leaseIsOver()) return;
    asked = { phase: 'lost', reason: 'Lost: its lease ran out' };
    endAll(child.pid);
  }, LEASE);

  let greedy = false;
  const weighed = run.weighed
    ? watchMemory(child.pid, () => {
        greedy = true;
        endAll(child.pid);
      })
    : null;

  const { code, signal, error } = await end;
  clearInterval(weighed);
  clearTimeout(deadline);
  clearInterval(leased);
  if (child.pid !== undefined) await endAll(child.pid);
  clearTimeout(force);
  await output.close();
  const oom = greedy || wasOutOfMemory();
  leaveCgroups();
  const exitCode = error ? null : (code ?? 128 + (os.signals[signal] ?? 0));
  const verdict = judge({ error, code, signal, asked, late, oom });
  const reason = output.dropped === 0 ? verdict.reason : [verdict.reason, output.describe()].filter(Boolean).join('; ');
  await endAs({ phase: verdict.phase, reason, exitCode, startedAt, kept: output.kept, dropped: output.dropped });
}

function judge({ error, code, signal, asked, late, oom }) {
  if (error) return { phase: 'failed', reason: `StartError: ${error.message}` };
  if (asked) return { phase: asked.phase, reason: asked.reason };
  if (late) return { phase: 'failed', reason: `DeadlineExceeded: it ran longer than ${run.timeout} ms` };
  if (oom && code !== 0) return { phase: 'failed', reason: `OOMKilled: it used more than ${run.memoryBytes} bytes` };
  if (signal) return { phase: 'failed', reason: `Signaled: it was ended by ${signal}` };
  return code === 0 ? { phase: 'succeeded', reason: null } : { phase: 'failed', reason: `Error: it exited with ${code}` };
}

/** What both streams of the command say, in one file, in the order in which it was said. */
class Output {
  kept = 0;
  dropped = 0;
  #fd = fs.openSync(join(folder, 'output'), 'a', 0o600);
  #reader = null;
  #writer = null;
  #closed = Promise.resolve();

  /** A named pipe where there can be one: a program may open it again as `/dev/stdout`, and both streams keep their order. */
  stdio() {
    const pipe = join(folder, 'state', 'pipe');
    if (spawnSync('mkfifo', ['-m', '600', pipe]).status !== 0) return ['ignore', 'pipe', 'pipe'];
    this.#reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    this.#writer = fs.openSync(pipe, fs.constants.O_WRONLY);
    if (run.owner !== null) fs.fchownSync(this.#writer, run.owner.uid, run.owner.gid);
    fs.unlinkSync(pipe);
    return ['ignore', this.#writer, this.#writer];
  }

  follow(child) {
    if (this.#writer !== null) fs.closeSync(this.#writer);
    const sources =
      this.#reader === null ? [child.stdout, child.stderr].filter(Boolean) : [new Socket({ fd: this.#reader, writable: false })];
    this.#closed = Promise.all(
      sources.map((source) => {
        // Written before more is read: what a run prints never gathers here.
        source.on('data', (bytes) => this.#keep(bytes));
        source.on('error', () => {});
        return new Promise((done) => source.once('close', done));
      }),
    );
  }

  #keep(bytes) {
    const room = Math.min(run.logLimit - this.kept, bytes.length);
    let written = 0;
    try {
      while (written < room) written += fs.writeSync(this.#fd, bytes, written, room - written);
    } catch {
      // The disk is full: counted like what is beyond the limit.
    }
    this.kept += written;
    this.dropped += bytes.length - written;
  }

  async close() {
    await Promise.race([this.#closed, sleep(LINGER)]);
    fs.fsyncSync(this.#fd);
    fs.closeSync(this.#fd);
  }

  describe() {
    return `${this.dropped} bytes of output were not kept, after the first ${this.kept}`;
  }
}

/** Ends every process of a run, also those that left its group; a process that forks all the time gets a bounded number of rounds. */
async function endAll(leader) {
  for (let round = 0; round < 200; round++) {
    if (signalAll(leader, 'SIGKILL') === 0) return;
    await sleep(Math.min(5 + round, 50));
  }
}

/** @returns {number} how many processes there were */
function signalAll(leader, signal) {
  const found = findProcesses(leader);
  for (const pid of found) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
  return found.length;
}

/** Processes of the run: in its cgroup, in the session of `leader` (null: nobody leads it), or with its mark in their environment. */
function findProcesses(leader) {
  const found = new Set();
  const mark = `POLICYD_RUN=${folder}`;
  for (const name of run.cgroups.map(({ folder: at }) => join(at, 'cgroup.procs'))) {
    for (const pid of readText(name)?.split('\n') ?? []) if (pid !== '') found.add(Number(pid));
  }
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readText(`/proc/${name}/stat`);
    if (stat === null) continue;
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') found.delete(Number(name));
    else if (leader !== null && Number(session) === leader) found.add(Number(name));
    else if (readText(`/proc/${name}/environ`)?.split('\0').includes(mark)) found.add(Number(name));
  }
  found.delete(process.pid);
  return [...found];
}

/** The shim of this run is dead. What still runs of it is ended, and what became of it nobody knows. */
async function bury() {
  const claim = readJson(file('claim.json'));
  if (claim === null ? run.boot === readBoot() : claim.boot === readBoot() && readStart(claim.pid) === claim.start) return;
  const last = readJson(file('state.json'));
  if (last !== null && ENDS.includes(last.phase)) return;
  // The number of a leader that has ended may be another's by now.
  const leads = last !== null && claim?.boot === readBoot() && readStart(last.pid) === last.start;
  await endAll(leads ? last.pid : null);
  leaveCgroups();
  const reason = run.boot === readBoot() ? 'Lost: its shim was ended before it' : 'Lost: the machine was started anew';
  await endAs({ phase: 'lost', reason, exitCode: null, startedAt: last?.startedAt ?? null });
}

/** What became of it is known here only: a full disk is waited for. */
async function endAs(state) {
  const record = { kept: 0, dropped: 0, ...state, endedAt: Date.now(), pid: null, start: null };
  for (let tries = 1; ; tries++) {
    try {
      writeState(record);
      return forgetEnvironment();
    } catch (error) {
      if (error.code === 'ENOENT') return; // The run was archived or taken away meanwhile.
      if (tries > INSISTENCE) throw error;
      await sleep(1_000);
    }
  }
}

/**
 * A lease is a file with `<boot id> <ms>`: the run may go on until the machine has run for so long. While it cannot be read, what was read last
 * holds.
 */
function leaseIsOver() {
  if (run.lease === null) return false;
  const [, boot, until] = /^(\S+) (\d+)\s*$/.exec(readText(run.lease) ?? '') ?? [];
  if (boot !== undefined) lease = { boot, until: Number(until) };
  const uptime = Number.parseFloat(readText('/proc/uptime') ?? 'Infinity') * 1000;
  return lease === null || lease.boot !== readBoot() || uptime > lease.until;
}

/** Its values may be secrets: once the command has them they are nobody's any more. */
function forgetEnvironment() {
  if (Object.keys(run.env).length === 0) return;
  run.env = {};
  writeDurably(file('run.json'), JSON.stringify(run));
}

function writeState(state) {
  writeDurably(file('state.json'), JSON.stringify(state));
}

function readStop() {
  return readJson(file('stop.json')) ?? { phase: 'evicted', reason: 'Stopped: its shim was told to end', grace: GRACE };
}

/** Makes the run's cgroups with their limits and enters them, for the child to be born there. @returns {() => void} leaves them */
function enterCgroups() {
  for (const { folder: at, limits } of run.cgroups) {
    fs.mkdirSync(at, { recursive: true });
    for (const [name, value] of limits) fs.writeFileSync(join(at, name), value);
  }
  for (const { folder: at } of run.cgroups) fs.writeFileSync(join(at, 'cgroup.procs'), String(process.pid));
  return () => {
    for (const { home } of run.cgroups) {
      try {
        fs.writeFileSync(join(home, 'cgroup.procs'), String(process.pid));
      } catch {
        // The cgroup that policyd was in is gone with it: the shim stays with its run, and is not looked for there.
      }
    }
  };
}

function leaveCgroups() {
  for (const { folder: at } of run.cgroups) {
    try {
      fs.rmdirSync(at);
    } catch {
      // Never made, or something that cannot be ended is in it.
    }
  }
}

/** Calls `end` when all processes of the run have more memory of their own than it asked for. */
function watchMemory(leader, end) {
  let known = new Set([leader]);
  let looks = 0;
  return setInterval(() => {
    if (looks++ % SEARCH === 0) known = new Set([leader, ...findProcesses(leader)]);
    for (const pid of known) for (const next of readChildren(pid)) known.add(next);
    let bytes = 0;
    for (const pid of known) {
      const text = readText(`/proc/${pid}/status`);
      if (text === null) known.delete(pid);
      else for (const [, kilobytes] of text.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)) bytes += Number(kilobytes) * 1024;
    }
    if (bytes > run.memoryBytes) end();
  }, MEMORY);
}

function readChildren(pid) {
  return (readText(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

function wasOutOfMemory() {
  const counted = run.cgroups.map(
    ({ folder: at }) => `${readText(join(at, 'memory.events')) ?? ''}\n${readText(join(at, 'memory.oom_control')) ?? ''}`,
  );
  return /^oom_kill [1-9]/m.test(counted.join('\n'));
}

/** Where the command is: as a shell would look for it, but nothing of it is a shell's. @returns {string | null} */
function findProgram() {
  const [name] = run.command;
  const places = name.includes('/')
    ? [resolve(run.home, name)]
    : (run.env.PATH ?? '').split(delimiter).map((at) => resolve(run.home, at, name));
  return (
    places.find((place) => {
      try {
        fs.accessSync(place, fs.constants.X_OK);
        return fs.statSync(place).isFile();
      } catch {
        return false;
      }
    }) ?? null
  );
}

function writeDurably(path, text) {
  const beside = `${path}.${process.pid}.tmp`;
  writeWhole(beside, text);
  fs.renameSync(beside, path);
  syncFolder(dirname(path));
}

function writeWhole(path, text) {
  const fd = fs.openSync(path, 'w', 0o600);
  fs.writeSync(fd, text);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function syncFolder(path) {
  const fd = fs.openSync(path, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function readText(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function readJson(path) {
  const text = readText(path);
  return text === null ? null : JSON.parse(text);
}

/** Ticks after the start of the machine at which a process began (proc(5), field 22); null = there is none, or it is only not yet reaped. */
function readStart(pid) {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
}

function readBoot() {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

if (mode === 'bury') await bury();
else if (take()) {
  try {
    await keep();
  } catch (error) {
    await endAll(child?.pid ?? null);
    await endAs({ phase: 'failed', reason: `ShimError: ${error.message}`, exitCode: null, startedAt: null });
  }
}
process.exit();
