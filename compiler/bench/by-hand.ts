/** A request as whoever writes a router by hand would lay it out: offsets of its rows, its masks, its tokens and its cap. */
export interface HandRequest {
  readonly model: number;
  readonly capability: number;
  readonly context: number;
  readonly privacy: number;
  readonly live: number;
  readonly tier: number;
  readonly quality: number;
  readonly sla: number;
  readonly flexible: number;
  readonly relax: number;
  readonly rank: number;
  readonly cheap: number;
  readonly input: number;
  readonly output: number;
  readonly cap: number;
}

/**
 * What `route` of a synthetic policy loads, compares and ANDs, written down by hand and nothing more: two orders of the targets, eight
 * rows and five price classes each, four masks, the first bit of each. It neither chooses among the four nor looks at what is loading:
 * the lower bound that the generated code is held against. `stride` is the rows of an order, `prices` the first row of the prices.
 */
export function decideByHand(
  request: HandRequest,
  masks: Int32Array,
  excluded: Int32Array,
  permutation: Int32Array,
  stride: number,
  prices: number,
): number {
  const { input, output, cap, model, capability, context, privacy, live, tier, quality, sla, flexible, relax, rank, cheap } = request;
  const f0 = +(input * 0 + output * 0 > cap) - 1;
  const f1 = +(input * 250000 + output * 2000000 > cap) - 1;
  const f2 = +(input * 1250000 + output * 10000000 > cap) - 1;
  const f3 = +(input * 100000 + output * 400000 > cap) - 1;
  const f4 = +(input * 3000000 + output * 15000000 > cap) - 1;
  const o = Math.imul(rank, stride);
  const h =
    masks[(o + model) | 0]! &
    masks[(o + capability) | 0]! &
    masks[(o + context) | 0]! &
    masks[(o + privacy) | 0]! &
    masks[(o + live) | 0]! &
    ~excluded[rank]! &
    ((f0 & masks[(o + prices) | 0]!) |
      (f1 & masks[(o + prices + 1) | 0]!) |
      (f2 & masks[(o + prices + 2) | 0]!) |
      (f3 & masks[(o + prices + 3) | 0]!) |
      (f4 & masks[(o + prices + 4) | 0]!));
  const t = masks[(o + tier) | 0]!;
  const q = masks[(o + quality) | 0]! & masks[(o + sla) | 0]!;
  const p = Math.imul(cheap, stride);
  const h2 =
    masks[(p + model) | 0]! &
    masks[(p + capability) | 0]! &
    masks[(p + context) | 0]! &
    masks[(p + privacy) | 0]! &
    masks[(p + live) | 0]! &
    ~excluded[cheap]! &
    ((f0 & masks[(p + prices) | 0]!) |
      (f1 & masks[(p + prices + 1) | 0]!) |
      (f2 & masks[(p + prices + 2) | 0]!) |
      (f3 & masks[(p + prices + 3) | 0]!) |
      (f4 & masks[(p + prices + 4) | 0]!));
  const t2 = masks[(p + tier) | 0]!;
  const q2 = masks[(p + quality) | 0]! & masks[(p + sla) | 0]!;
  const later = Math.clz32(h & (t | flexible) & q) + Math.clz32(h2 & t2 & (q2 | relax)) + Math.clz32(h2 & (t2 | flexible) & (q2 | relax));
  return permutation[(Math.imul(rank, 33) + Math.clz32(h & t & q)) | 0]! ^ (later << 16);
}
