/** The same twenty rules in other engines. */
import { benchRivals } from '../../compiler/bench/bench-rivals.ts';
import { rivalNotes, tabulateRatios } from '../../compiler/bench/report.ts';

export const bench = {
  name: 'rivals',
  async run() {
    const { ratios, missing } = await benchRivals(11);
    return tabulateRatios('other engines', ratios, rivalNotes(missing));
  },
};
