/**
 * What `route` of a synthetic policy loads, compares and ANDs, written down by hand and nothing more: two orders of the targets, eight
 * rows and five price classes each, four masks, the first bit of each. No fields are looked up: `rows` holds the offsets of a request
 * at `at` one after the other, `costs` its tokens and cap. The lower bound that the generated code is held against.
 */
export function decideByHand(
  rows: Int32Array,
  at: number,
  costs: Float64Array,
  masks: Int32Array,
  excluded: Int32Array,
  permutation: Int32Array,
  stride: number,
  prices: number,
): number {
  const c = (at >> 4) * 3;
  const input = costs[c]!;
  const output = costs[c + 1]!;
  const cap = costs[c + 2]!;
  const f0 = +(input * 0 + output * 0 > cap) - 1;
  const f1 = +(input * 250000 + output * 2000000 > cap) - 1;
  const f2 = +(input * 1250000 + output * 10000000 > cap) - 1;
  const f3 = +(input * 100000 + output * 400000 > cap) - 1;
  const f4 = +(input * 3000000 + output * 15000000 > cap) - 1;
  const model = rows[at]!;
  const capability = rows[at + 1]!;
  const context = rows[at + 2]!;
  const privacy = rows[at + 3]!;
  const live = rows[at + 4]!;
  const tier = rows[at + 5]!;
  const quality = rows[at + 6]!;
  const sla = rows[at + 7]!;
  const flexible = rows[at + 8]!;
  const relax = rows[at + 9]!;
  const r = rows[at + 10]!;
  const o = Math.imul(r, stride);
  const h =
    masks[(o + model) | 0]! &
    masks[(o + capability) | 0]! &
    masks[(o + context) | 0]! &
    masks[(o + privacy) | 0]! &
    masks[(o + live) | 0]! &
    ~excluded[r]! &
    ((f0 & masks[(o + prices) | 0]!) |
      (f1 & masks[(o + prices + 1) | 0]!) |
      (f2 & masks[(o + prices + 2) | 0]!) |
      (f3 & masks[(o + prices + 3) | 0]!) |
      (f4 & masks[(o + prices + 4) | 0]!));
  const t = masks[(o + tier) | 0]!;
  const q = masks[(o + quality) | 0]! & masks[(o + sla) | 0]!;
  const r2 = rows[at + 11]!;
  const p = Math.imul(r2, stride);
  const h2 =
    masks[(p + model) | 0]! &
    masks[(p + capability) | 0]! &
    masks[(p + context) | 0]! &
    masks[(p + privacy) | 0]! &
    masks[(p + live) | 0]! &
    ~excluded[r2]! &
    ((f0 & masks[(p + prices) | 0]!) |
      (f1 & masks[(p + prices + 1) | 0]!) |
      (f2 & masks[(p + prices + 2) | 0]!) |
      (f3 & masks[(p + prices + 3) | 0]!) |
      (f4 & masks[(p + prices + 4) | 0]!));
  const t2 = masks[(p + tier) | 0]!;
  const q2 = masks[(p + quality) | 0]! & masks[(p + sla) | 0]!;
  const later = Math.clz32(h & (t | flexible) & q) + Math.clz32(h2 & t2 & (q2 | relax)) + Math.clz32(h2 & (t2 | flexible) & (q2 | relax));
  return permutation[r * 33 + Math.clz32(h & t & q)]! ^ (later << 16);
}
