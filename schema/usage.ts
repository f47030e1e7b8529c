/**
 * Tokens of one answer in a normal form whose parts never overlap: the sum of all but `reasoning` is the total. `reasoning` is the share of
 * `output` that was thought and not said.
 */
export interface Usage {
  /** Fresh input, neither read from nor written to a cache. */
  readonly input: number;
  readonly cacheRead: number;
  /** Written to a cache that lives five minutes, or whose life is not told. */
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly output: number;
  readonly reasoning: number;
  /** Shares of `input`, `cacheRead` and `output` that were no text, where the provider tells them; absent: none. */
  readonly inputAudio?: number;
  readonly cachedAudio?: number;
  readonly outputAudio?: number;
  readonly inputImage?: number;
  readonly cachedImage?: number;
  readonly outputImage?: number;
  readonly inputVideo?: number;
  readonly outputVideo?: number;
}
