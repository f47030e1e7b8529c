import type { Spot } from '../parse/tree.ts';
import type { Desk } from './desk.ts';

/** A duration of the right form whose amount cannot be. */
export function reportDuration(spot: Spot, text: string, desk: Desk): null {
  return desk.report('bad-unit', spot, `\`${text}\` is not a duration from 1ms to 24h`, 'write it like this: `800ms`, `2s`, `5m` or `1h`');
}
