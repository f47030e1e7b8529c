/** Calls back once after so many ms; what it gives cancels. `keeps`: the process does not end before. Tests run it by a clock of their own. */
export type After = (ms: number, run: () => void, keeps?: boolean) => () => void;

/** The real one. */
export const after: After = (ms, run, keeps = false) => {
  const timer = setTimeout(run, ms);
  if (!keeps) timer.unref();
  return () => clearTimeout(timer);
};
