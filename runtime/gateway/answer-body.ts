import type { Usage } from '../../schema/usage.ts';

/**
 * What becomes of the body of a 2xx answer between backend and caller; one for each answer. `take` and `finish` say by a
 * `TranslationError` that the answer is not what it should be: before the first byte has gone out another target may be tried, after
 * it the answer is cut.
 */
export interface AnswerBody {
  /**
   * Headers of what goes out, right before its first byte.
   *
   * @param picked those of the backend that may be passed on: flat names and values, the caller's to change.
   * @param whole everything that will go out, where that is known by now.
   */
  head(picked: string[], whole: Buffer | null): string[];
  /** What goes out for bytes that came in, the same object where nothing changes; null = nothing yet. */
  take(chunk: Buffer): Buffer | null;
  /** The backend's answer has ended: what is left to go out. */
  finish(): Buffer | null;
  /** Bytes have gone out and no more will come, for this reason: the last ones. Null where only a closed connection can say so. */
  cut(words: string): Buffer | null;
  /** Nothing is lost if the connection breaks now: the last event is there, and a second one would contradict it. */
  isTerminated(): boolean;
  /** What goes out is as long as what came in, and ends with it. */
  readonly keepsLength: boolean;
  /** Events of a stream so far; 0 where it is none. */
  readonly events: number;
  /** What it cost in tokens, as far as that was told and looked for; final after its end. */
  readonly usage: Usage | null;
  /** As of a `Meter`: to settle a stream that was cut short; 0 where nobody looked. */
  readonly characters: number;
  /** What it said that the caller's API has no word for; goes to the log. */
  readonly warnings: readonly string[];
}

/** A plain answer that goes on as it came. It keeps nothing, so that one serves all. */
export const PLAIN_BODY: AnswerBody = {
  keepsLength: true,
  events: 0,
  usage: null,
  characters: 0,
  warnings: [],
  head: (picked) => picked,
  take: (chunk) => chunk,
  finish: () => null,
  cut: () => null,
  isTerminated: () => false,
};
