import type { Encoding, Endpoint } from './vocabulary.ts';

/** What a request body says, as far as policy can care. Made once at the edge; `text` is only called when the policy reads text. */
export interface RequestBody {
  readonly endpoint: Endpoint;
  readonly model: string;
  /** The caller's cap on output tokens (`max_completion_tokens` or `max_tokens`, the higher of two); null = none given. */
  readonly maxOutputTokens: number | null;
  /** How many answers are asked for (`n`), 1 where not given. */
  readonly answers: number;
  /** How many tools are declared. */
  readonly tools: number;
  /** How many images the messages carry; absent: none. */
  readonly images?: number;
  /** Set of capability bits it needs: chat or embeddings by endpoint; tools, json, vision, reasoning by content. */
  readonly required: number;
  /**
   * The last 8,192 UTF-16 code units of the user's text: the text of all `user` messages in order, text parts and messages joined
   * by a newline; for embeddings the input strings joined by a newline.
   */
  text(): string;
}

/** What the request's headers ask for. A header that was not sent is null or false. */
export interface RequestHints {
  /** `X-Nexus-Strict`. Wins over flexible; it is also the default. */
  readonly strict: boolean;
  /** `X-Nexus-Flexible`. */
  readonly flexible: boolean;
  /** `X-Nexus-Category`: a category's name. */
  readonly category: string | null;
  /** `X-Nexus-Class`: a class's name. */
  readonly class: string | null;
}

/** Number of input tokens, as far as it is known: low ≤ tokens ≤ high. */
export interface TokenCount {
  readonly low: number;
  readonly high: number;
  /** A lower bound that costs little: `limit` or more where that can be told without counting, else what is known. Pure. */
  atLeast(limit: number): number;
  /** The exact count where it is ≤ limit, any number above limit otherwise. Pure. */
  exact(encoding: Encoding, limit: number): number;
}

/**
 * Tokens that a count takes for one image whatever the model: 85 + 170 for each of at most 8 tiles of 512 pixels, what gpt-4o takes
 * for the largest image in high detail (OpenAI, "Images and vision", costs). What a model takes beyond it stands in `Overhead`.
 */
export const IMAGE_TOKENS = 85 + 170 * 8;

/** Code units of user text that words, lines and code blocks are looked for in. */
export const TEXT_WINDOW = 8192;

/** Output tokens assumed, and sent to priced targets, where neither the caller nor the category gives a cap. */
export const DEFAULT_OUTPUT_CAP = 4096;
