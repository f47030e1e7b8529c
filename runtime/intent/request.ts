import type { RequestBody, TokenCount } from '../../schema/request.ts';
import type { Encoding } from '../../schema/vocabulary.ts';
import type { Edit } from './apply-edits.ts';
import type { Fields } from './fields.ts';
import type { TextCount } from './tokens/count-text.ts';

/** A body that was read and found in order: made by `readRequestBody`, consumed by `countTokens` and `splice`. */
export interface Request {
  /** The bytes as received; every offset in `fields` refers to them. */
  readonly buffer: Buffer;
  readonly body: RequestBody;
  readonly fields: Fields;
  /** `stream` is true. */
  readonly stream: boolean;
  /** `stream_options.include_usage` is true: the caller wants to see the usage chunk. */
  readonly includeUsage: boolean;
  /** Image parts in the messages. */
  readonly images: number;
}

/** What `splice` changes; a member left out changes nothing. */
export interface Splices {
  readonly model?: string;
  /** The cap that must stand, and the name under which the target accepts it. Never raises a cap. */
  readonly outputCap?: { readonly name: 'max_tokens' | 'max_completion_tokens'; readonly tokens: number };
  /** Ask for usage at the end of the stream. */
  readonly includeUsage?: true;
  /** Changes inside values that no other member changes. */
  readonly edits?: readonly Edit[];
}

/** Tokens of a request, and how well they are known. */
export interface RequestTokens extends TokenCount {
  /**
   * False where a count in this encoding had to use the byte bound for a stretch of text (see `countTokensOf`):
   * then `exact` gave an upper bound, and an estimate made with it says `bound`.
   */
  isExact(encoding: Encoding): boolean;
  /** The count that was asked for and takes too long here; what was concluded from its answer does not stand. Null: none. */
  pending: { readonly encoding: Encoding; readonly limit: number } | null;
  /** Takes the pending count, made elsewhere; null: nobody made it, and the byte bound stands. */
  settle(count: TextCount | null): void;
}
