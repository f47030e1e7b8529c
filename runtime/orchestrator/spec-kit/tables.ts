import type { RunState } from './run.ts';

/** The table of `store/migrations/0008-spec-kit.ts`. */
export interface SpecKitTables {
  /**
   * `lock_key` is what a run has for itself while it runs: its feature, or `*` for the whole folder; null = it changes nothing. `holder` is the
   * policyd that runs it and `child` the process group, as JSON; from `expires_at` on a run that nobody ended is over.
   */
  spec_runs: {
    id: string;
    command: string;
    args: string;
    feature: string | null;
    lock_key: string | null;
    caller: string | null;
    state: RunState;
    holder: string;
    child: string | null;
    started_at: number;
    expires_at: number;
    ended_at: number | null;
    exit_code: number | null;
  };
}
