/** A row below `size`, low ones more often: the share of row k falls about as 1 ÷ (k + 1). `random` gives numbers in [0, 1). */
export const zipf = (random: () => number, size: number): number => Math.min(size - 1, Math.floor((size + 1) ** random()) - 1);
