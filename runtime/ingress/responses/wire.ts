/**
 * Marks of ids that we gave. OpenAI's own API looks up items by theirs, and knows none of ours.
 */
export const OURS = '_policyd_';

/** What kinds of items are called by: `rs_policyd_<answer>_<number>`. */
export function itemId(prefix: 'rs' | 'msg' | 'fc', stem: string, at: number): string {
  return `${prefix}${OURS}${stem}_${at}`;
}
