/** The router against its lower bound, ten policies against a thousand, names against a `Map`. */
import { benchRatios } from '../../compiler/bench/bench-ratios.ts';
import { RATIO_NOTES, tabulateRatios } from '../../compiler/bench/report.ts';

export const bench = { name: 'ratios', run: async () => tabulateRatios('ratios', await benchRatios(11), RATIO_NOTES) };
