import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Confinement, inspectConfinement } from '../../../runtime/orchestrator/local/confinement.ts';
import { LOCAL_NODE, LocalRunner, type LocalRunnerOptions } from '../../../runtime/orchestrator/local/local-runner.ts';
import { readRunIdentity } from '../../../runtime/orchestrator/local/run-identity.ts';
import type { RunRequest } from '../../../runtime/orchestrator/runner.ts';
import type { Workload } from '../../../runtime/orchestrator/workload.ts';
import { type Behaviour, DEFAULT, type Site } from './candidate.ts';

const GIB = 2 ** 30;

/** This machine as a place of runs, in a folder of its own. */
export interface MachineSite extends Site {
  /** Of all runs. */
  readonly folder: string;
  readonly options: LocalRunnerOptions;
  open(): Promise<LocalRunner>;
  /** A run of just this command. */
  makeCommand(command: readonly string[], more?: Partial<Workload>): RunRequest;
}

let confinement: Promise<Confinement> | null = null;
let made = 0;

export async function makeMachine(given: Partial<LocalRunnerOptions> = {}): Promise<MachineSite> {
  const home = mkdtempSync(join(tmpdir(), 'policyd-runs-'));
  const starts = join(home, 'starts');
  mkdirSync(starts);
  // Runs may be another user's.
  chmodSync(home, 0o711);
  chmodSync(starts, 0o777);
  confinement ??= inspectConfinement(readRunIdentity(null, []), { folders: [] });
  const folder = join(home, 'runs');
  const options: LocalRunnerOptions = {
    folder,
    confinement: await confinement,
    logLimit: 64 * 2 ** 20,
    retention: 86_400_000,
    offer: () => ({ total: { cpuMillis: 4_000, memoryBytes: 8 * GIB, gpus: 0 }, labels: {}, load: 0, freeMemoryBytes: 8 * GIB }),
    report: (what, run, error) => appendFileSync(join(home, 'reports'), `${what} ${run} ${error}\n`),
    ...given,
  };
  const opened: LocalRunner[] = [];
  const makeCommand = (command: readonly string[], more: Partial<Workload> = {}): RunRequest => ({
    id: `exam-${process.pid}-${made++}-1`,
    job: `exam-${process.pid}`,
    node: LOCAL_NODE,
    trace: '0123456789abcdef0123456789abcdef',
    workload: { ...WORKLOAD, command, ...more },
  });
  return {
    node: LOCAL_NODE,
    folder,
    options,
    makeCommand,
    async open() {
      const runner = await LocalRunner.open(options);
      opened.push(runner);
      return runner;
    },
    makeRun(behaviour) {
      const run = makeCommand([]);
      return {
        ...run,
        workload: { ...run.workload, command: ['sh', '-c', writeScript({ ...DEFAULT, ...behaviour }, join(starts, run.id))] },
      };
    },
    async countStarts({ id }) {
      return existsSync(join(starts, id)) ? readFileSync(join(starts, id), 'utf8').length : 0;
    },
    async remove() {
      const runner = await LocalRunner.open(options);
      const pods = await runner.list(new AbortController().signal);
      await Promise.all(pods.map(({ id, node }) => runner.stop({ id, node }, { grace: 0, evict: false, reason: 'the test is over' })));
      for (const one of [...opened, runner]) await one.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export const WORKLOAD: Workload = {
  name: 'exam',
  image: null,
  command: [],
  env: {},
  needs: { cpuMillis: 100, memoryBytes: GIB / 2, gpus: 0 },
  privacy: 'restricted',
  labels: {},
  nodeLabels: {},
  timeout: null,
  retries: 0,
  task: null,
  context: null,
};

export function writeScript({ text, times, every, exit, stubborn }: Behaviour, starts: string): string {
  return [
    stubborn ? "trap '' TERM" : '',
    `printf x >> ${starts}`,
    `i=0; while [ $i -lt ${times} ]; do printf %s '${text}'; i=$((i+1)); ${every > 0 ? `sleep ${every / 1000};` : ''} done`,
    exit === 'stay' ? 'while :; do sleep 0.05; done' : `exit ${exit}`,
  ].join('\n');
}
