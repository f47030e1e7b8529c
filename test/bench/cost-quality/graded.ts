/** A prompt with the class that the policy gives it, and what every model did with it. */
export interface Graded {
  readonly id: string;
  readonly class: string;
  readonly fold: number;
  /** By model: 0 or 1, and USD by list price. */
  readonly results: ReadonlyMap<string, { readonly score: number; readonly cost: number }>;
}
