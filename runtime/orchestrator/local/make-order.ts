import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { RunRequest } from '../runner.ts';
import { type Confinement, confine, makeCgroups } from './confinement.ts';
import { readBoot } from './process-identity.ts';
import type { RunPaths } from './run-paths.ts';
import type { RunOrder } from './run-record.ts';

/** Turns a request into what a shim is told. */
export function makeOrder(run: RunRequest, paths: RunPaths, confinement: Confinement, logLimit: number): RunOrder {
  const { name, needs, command, timeout } = run.workload;
  return {
    id: run.id,
    job: run.job,
    name,
    node: run.node,
    trace: run.trace,
    needs,
    createdAt: Date.now(),
    boot: readBoot(),
    command,
    env: makeEnvironment(run, paths),
    home: paths.home,
    timeout,
    logLimit,
    memoryBytes: needs.memoryBytes,
    lease: run.lease ?? null,
    owner: confinement.identity,
    ...confine(confinement, needs.memoryBytes),
    cgroups: makeCgroups(confinement.cgroups, run.id, needs.cpuMillis, needs.memoryBytes),
  };
}

/** Nothing of policyd's own but the path and the language; what marks the run cannot be taken away. */
function makeEnvironment({ id, job, trace, workload }: RunRequest, { folder, home }: RunPaths): Record<string, string> {
  const span = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LANG: process.env.LANG ?? 'C.UTF-8',
    TMPDIR: join(home, 'tmp'),
    TRACEPARENT: `00-${trace}-${span}-01`,
    ...workload.env,
    POLICYD_JOB: job,
    // By this every process of the run is found, whatever session it is in.
    POLICYD_RUN: folder,
  };
}
