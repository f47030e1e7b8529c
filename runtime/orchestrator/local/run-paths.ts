import { join } from 'node:path';

/** The files of a run, as `shim.js` knows them, too. */
export interface RunPaths {
  readonly folder: string;
  /** Everything below is small, and replaced whole. */
  readonly state: string;
  /** What is to be run: a `RunOrder`. Made once, by whoever comes first. */
  readonly run: string;
  /** Which shim has it: made once. A run whose shim is dead is never begun again. */
  readonly claim: string;
  /** A `RunRecord`: by the shim, and by nobody else while it lives. */
  readonly record: string;
  /** That it shall end: a `StopOrder`. */
  readonly stop: string;
  /** What it printed, both streams. */
  readonly output: string;
  /** Its working folder. */
  readonly home: string;
}

/** Folder, among the runs, of what is left of those that ended long ago: no run can be called so. */
export const ARCHIVE = '.ended';

/** `folder`: of all runs. */
export function locateRun(folder: string, id: string): RunPaths {
  const own = join(folder, id);
  const state = join(own, 'state');
  return {
    folder: own,
    state,
    run: join(state, 'run.json'),
    claim: join(state, 'claim.json'),
    record: join(state, 'state.json'),
    stop: join(state, 'stop.json'),
    output: join(own, 'output'),
    home: join(own, 'home'),
  };
}
