import { useEffect, useState } from 'preact/hooks';
import type { DecisionLine } from '../../../schema/decision-line.ts';
import { DecisionHistory } from './decision-history.ts';
import { followDecisions } from './follow-decisions.ts';
import type { Problem } from './problem.ts';

/** Decisions that the page keeps. */
const KEPT = 200;
/** Least time between two redraws, in ms: faster than that nobody reads. */
const REDRAW = 250;

export interface Decisions {
  /** Newest first. */
  readonly lines: readonly DecisionLine[];
  /** All that were heard. */
  readonly heard: number;
  readonly problem: Problem | null;
}

/** The newest decisions, redrawn at most four times a second. While paused they are heard, and not shown. */
export function useDecisions(isPaused: boolean, version: unknown): Decisions {
  const [shown, setShown] = useState<Decisions>({ lines: [], heard: 0, problem: null });
  const [live] = useState(() => ({ history: new DecisionHistory(KEPT), problem: null as Problem | null, isPaused: false, timer: 0 }));
  live.isPaused = isPaused;
  const draw = (): void => {
    live.timer = 0;
    const { history, problem } = live;
    if (!live.isPaused) setShown({ lines: history.read(), heard: history.heard, problem });
  };
  useEffect(() => {
    if (!isPaused) draw();
  }, [isPaused]);
  useEffect(() => {
    const stop = new AbortController();
    const change = (): void => {
      live.timer ||= setTimeout(draw, REDRAW);
    };
    // Another key may not see what this one saw.
    live.history = new DecisionHistory(KEPT);
    const listener = {
      hear(line: DecisionLine): void {
        if (live.history.add(line)) change();
      },
      fail(problem: Problem | null): void {
        live.problem = problem;
        change();
      },
    };
    void followDecisions(listener, KEPT, stop.signal);
    return () => {
      stop.abort();
      clearTimeout(live.timer);
      live.timer = 0;
    };
  }, [version]);
  return shown;
}
