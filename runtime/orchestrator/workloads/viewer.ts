/** Who looks at workloads. */
export interface Viewer {
  /** Name of the key; null = nobody needs one. */
  readonly caller: string | null;
  /** Everybody's, not its own only. */
  readonly all: boolean;
}
