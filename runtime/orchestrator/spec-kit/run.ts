/** `timed-out`: it was ended after its time. `lost`: its policyd went down with it. */
export const RUN_STATES = ['running', 'succeeded', 'failed', 'timed-out', 'lost'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** A run of a Spec-Kit command. Its id is the name of its stream, too. */
export interface SpecRun {
  readonly id: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly feature: string | null;
  readonly caller: string | null;
  readonly state: RunState;
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
}
