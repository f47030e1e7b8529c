import type { Named } from '../parse/merge.ts';
import type { Spot } from '../parse/tree.ts';
import type { Desk } from './desk.ts';

/** Models, virtual models and aliases share one space of names. */
export function reportTaken(named: Named<unknown>, what: string, already: string, first: Spot, desk: Desk): void {
  desk.report('duplicate-name', named.spot, `\`${named.name}\` is ${what} here and ${already} there`, 'rename one of the two', [
    { message: `\`${named.name}\` is first defined here`, place: first.place },
  ]);
}
