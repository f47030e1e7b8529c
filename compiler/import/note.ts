import type { Place } from '../../schema/policy-set.ts';

/**
 * What became of a key: `carried` as it is, `changed` on the way (it means something slightly different, or stands under another name that
 * should be looked at), or `left-out`.
 */
export type Fate = 'carried' | 'changed' | 'left-out';

/** What became of one key of the file that is imported. */
export interface Note {
  readonly fate: Fate;
  /** Where the key stands in the file's structure: `model_list[0].litellm_params.rpm`. */
  readonly key: string;
  /** What happened, without the value. */
  readonly message: string;
  /** What to do; null where there is nothing to do. */
  readonly help: string | null;
  readonly place: Place;
  /** The value, where it is a number, a switch or the name of a variable and cannot be a secret; null otherwise. */
  readonly shown: string | null;
  /** The keys below, without a note of their own, for which this one speaks. */
  readonly covers: readonly string[];
}
