/** Who looks at workloads or tasks. */
export interface Viewer {
  /** Name of the key; null = nobody needs one. */
  readonly caller: string | null;
  /** Everybody's, not its own only. */
  readonly all: boolean;
}

export const EVERYBODY: Viewer = { caller: null, all: true };

/** What belongs to `owner` is shown to its owner, and to who sees everything. */
export const maySee = (viewer: Viewer, owner: string | null): boolean => viewer.all || viewer.caller === owner;
