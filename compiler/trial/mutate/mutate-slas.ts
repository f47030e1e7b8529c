import type { Sla } from '../../../schema/policy-set.ts';
import { changeAt, type Mutate, shiftLimit } from './mutant.ts';

/** Times doubled, halved and dropped, the percentile at the other end. */
export const mutateSlas: Mutate = (set, locate) =>
  set.slas.flatMap((sla, row) => {
    const changed = (words: string, key: string, change: Partial<Sla>) => ({
      what: `sla \`${sla.name}\`: ${words}`,
      place: locate('slas', sla.name, key),
      set: { ...set, slas: changeAt(set.slas, row, change) },
    });
    const other = sla.at === 'p50' ? 'p99' : 'p50';
    return [
      ...shiftLimit(sla.firstToken, 1).map(([words, value]) => changed(`first_token ${words}`, 'first_token', { firstToken: value })),
      ...shiftLimit(sla.total, 1).map(([words, value]) => changed(`total ${words}`, 'total', { total: value })),
      changed(`at ${sla.at} as ${other}`, 'at', { at: other }),
    ];
  });
