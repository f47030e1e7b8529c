import type { Usage } from '../../../schema/usage.ts';

type Shares = Pick<
  Usage,
  'inputAudio' | 'cachedAudio' | 'outputAudio' | 'inputImage' | 'cachedImage' | 'outputImage' | 'inputVideo' | 'outputVideo'
>;

/** The shares of a usage that were no text; those of zero, or not told, are left out, and none is larger than its whole. */
export function writeMediaShares(whole: Pick<Usage, 'input' | 'cacheRead' | 'output'>, told: Shares): Shares {
  const shares: { -readonly [Name in keyof Shares]: Shares[Name] } = {};
  for (const [name, count] of Object.entries(told) as [keyof Shares, number | undefined][]) {
    const most = name.startsWith('input') ? whole.input : name.startsWith('cached') ? whole.cacheRead : whole.output;
    if (count !== undefined && count > 0 && most > 0) shares[name] = Math.min(count, most);
  }
  return shares;
}
