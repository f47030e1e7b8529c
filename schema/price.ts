/**
 * Pico-dollars a token, by kind (USD per million tokens × 1e6, so that $0.0375 stays whole). A member that is absent, or null, is not
 * priced apart: it costs what the kind that it is a part of costs, cached and written input, audio, images and video what `input` does,
 * and what is put out what `output` does; one hour's writes without a price of their own cost what five minutes' do, cached audio and
 * images what fresh ones do.
 */
export interface Rates {
  readonly input: number;
  readonly output: number;
  /** Read from the provider's cache. */
  readonly cachedInput: number | null;
  /** Written to a cache that lives five minutes, or whose life is not told. */
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly inputAudio?: number;
  readonly cachedAudio?: number;
  readonly outputAudio?: number;
  readonly inputImage?: number;
  readonly cachedImage?: number;
  readonly outputImage?: number;
  readonly inputVideo?: number;
  readonly outputVideo?: number;
}

/** Rates of a prompt of more than `above` input tokens, cached ones included: they hold for the whole request, not for what is above. */
export interface PriceTier extends Rates {
  readonly above: number;
}

/**
 * What a target costs; the rates of the shortest prompts stand here, those of longer ones in `tiers`. `free`: all zero.
 * `unknown`: both `UNKNOWN_PRICE`, so that no finite cap admits it.
 */
export interface Price extends Rates {
  readonly source: 'policy' | 'table' | 'free' | 'unknown';
  /** By ascending `above`, as far as the context window reaches. No rate is below that of a shorter prompt. Absent: none. */
  readonly tiers?: readonly PriceTier[];
  /** Where `table`: the entry of the price table, as `provider/model`. */
  readonly entry?: string;
  /** Where `table`: the day from which these rates hold, if the table says it (`2026-08-21`). */
  readonly since?: string;
  /** Where `table`: rates that it announces for a day after its own; a bound takes the dearer of both. */
  readonly next?: Rates & { readonly from: string; readonly tiers?: readonly PriceTier[] };
  /** Where `table`: what it also has a price for and no usage tells (`web_searches_kcount`): such charges are in no cost. */
  readonly uncounted?: readonly string[];
}

/** $1,000 a token: above every finite cap. */
export const UNKNOWN_PRICE = 1e15;

/** What a provider adds to the input beside what stands in the request: upper bounds, in tokens. */
export interface Overhead {
  /** The most that one image takes. */
  readonly image: number;
  /** Once, where tools are declared. */
  readonly tools: number;
}
