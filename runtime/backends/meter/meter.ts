import type { Usage } from '../../../schema/usage.ts';

/**
 * Sees the bytes of an answer that passes through go by, for what they cost. Changes none of them, holds no more than one event or a few
 * KiB, and never throws: an answer that it can't read has no usage.
 */
export interface Meter {
  /** The next bytes, however they are cut. */
  see(chunk: Buffer): void;
  /** The bytes ended, in order or not. */
  end(): void;
  /** As far as it was told; final after `end`. Null: the answer told none. */
  readonly usage: Usage | null;
  /**
   * UTF-16 units of text, thoughts and arguments of calls that a stream has said so far, to settle one that was cut short by counting. Of an
   * answer that is no stream: its bytes, which are no fewer.
   */
  readonly characters: number;
}
