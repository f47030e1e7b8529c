/** The queue of the job engine that workloads are in. */
export const WORKLOADS = 'workloads';
/** Type of jobs that every process may look after. Those whose run is on one machine are of the type that its data folder is called. */
export const ANYWHERE = 'any';
/** Workloads that have not ended, over all callers: more are refused. */
export const MOST_LIVE = 10_000;
/** Runs that their place lost, or evicted by itself, and that are replaced without counting as an attempt. */
export const FREE_LOSSES = 3;
/** Time that a run has between being asked to end and being ended, ms. */
export const GRACE = 10_000;
