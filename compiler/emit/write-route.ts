import type { AxisData, RouterData } from './kernel/data.ts';

/**
 * The text of `route`: straight-line code over the axes that the policy has. Levels a, b, c, d of the floors become one, two or
 * four masks a word, and the first that is not empty is taken by mask arithmetic:
 * `nonzero(x) = (x | -x) >> 31` is all ones where x has a bit. A rank behind the last one is the sentinel, whose target is -1.
 */
export function writeRoute(data: RouterData): string {
  const filters = data.axes.filter(({ role, content }) => role === 'filter' && content.kind !== 'price');
  const price = data.axes.find(({ content }) => content.kind === 'price');
  const tiers = data.axes.filter(({ role }) => role === 'tier floor');
  const qualities = data.axes.filter(({ role }) => role === 'quality floor');
  const shape: Shape = { data, filters, price, tiers, qualities };
  const stride = data.axes.reduce((sum, { rows }) => sum + rows, 0) * data.words;
  const sentinel = data.words * 32;
  const budgets = data.softFrom < data.rankClasses.length;
  const lines: string[] = [];

  lines.push('const { masks, permutation } = live;', 'const { at } = intent;');
  if (budgets) lines.push(`const soft = live.soft[at.scope!]! & ${data.softFrom}; // a budget at its soft limit: local targets first`);
  if (tiers.length > 0) lines.push('const flexible = 0 - intent.flexible;');
  if (qualities.length > 0) lines.push('const relax = at.relax!;');
  lines.push(...writeCosts(price));

  const orders: Order[] = [{ suffix: '', rank: 'rank', levels: tiers.length > 0 ? [0, 1] : [0] }];
  if (qualities.length > 0) orders.push({ suffix: 'c', rank: 'cheap', levels: tiers.length > 0 ? [2, 3] : [2] });
  for (const order of orders) {
    const { suffix } = order;
    lines.push('', order.rank === 'rank' ? "// In the category's order." : '// Quality floors relaxed, in order of cost.');
    lines.push(`const r${suffix} = at.${order.rank}!${budgets ? ' + soft' : ''};`);
    lines.push(`const o${suffix} = Math.imul(r${suffix}, ${stride});`);
    lines.push(`const x${suffix} = ${data.words === 1 ? `r${suffix}` : `Math.imul(r${suffix}, ${data.words})`};`);
    for (let word = 0; word < data.words; word++) lines.push(...writeWord(shape, order, word));
    for (const level of order.levels) lines.push(...writeRank(data.words, level, sentinel));
    lines.push(`const s${suffix} = Math.imul(r${suffix}, ${sentinel + 1});`);
  }

  const chain = orders.flatMap(({ suffix, levels }) => levels.map((level) => ({ level, base: `s${suffix}` })));
  const last = chain.at(-1)!;
  lines.push('', '// The first level that leaves a target.');
  lines.push(`let slot = ${last.base} + p${last.level};`);
  if (chain.length > 1) lines.push(`let level = ${last.level};`);
  for (const { level, base } of chain.slice(0, -1).reverse()) {
    lines.push(`const n${level} = (p${level} - ${sentinel}) >> 31;`);
    lines.push(`slot = ((${base} + p${level}) & n${level}) | (slot & ~n${level});`);
    lines.push(`level = (${level} & n${level}) | (level & ~n${level});`);
  }
  lines.push('const target = permutation[slot]!;');
  lines.push('const known = target & ~(target >> 31);');
  lines.push('const loading = (live.loading[known >> 5]! >>> (31 - (known & 31))) & 1;');
  lines.push(`return target | ${chain.length > 1 ? '(level << 16) | ' : ''}(loading << 18);`);
  return lines.map((line) => (line ? `  ${line}` : '')).join('\n');
}

interface Shape {
  readonly data: RouterData;
  readonly filters: readonly AxisData[];
  readonly price: AxisData | undefined;
  readonly tiers: readonly AxisData[];
  readonly qualities: readonly AxisData[];
}

interface Order {
  readonly suffix: string;
  readonly rank: 'rank' | 'cheap';
  readonly levels: readonly number[];
}

/** One comparison per price: all ones where the estimate fits the cap. A comparison used as a number adds what a tier is dearer by. */
function writeCosts(price: AxisData | undefined): string[] {
  if (price?.content.kind !== 'price') return [];
  return price.content.prices.map((steps, row) => {
    const rate = (of: (step: (typeof steps)[number]) => number): string => {
      const [first, ...longer] = steps;
      const terms = longer
        .map((step, at) => ` + +(intent.input > ${step[0]}) * ${of(step) - of(steps[at]!)}`)
        .filter((term) => !term.endsWith('* 0'));
      return terms.length === 0 ? String(of(first!)) : `(${of(first!)}${terms.join('')})`;
    };
    return `const fits${row} = +(intent.input * ${rate(([, input]) => input)} + intent.output * ${rate(([, , output]) => output)} > intent.costCap) - 1;`;
  });
}

function writeWord({ data, filters, price, tiers, qualities }: Shape, { suffix, levels }: Order, word: number): string[] {
  const mask = (offset: string): string => `masks[(o${suffix} + ${offset}${word > 0 ? ` + ${word}` : ''}) | 0]!`;
  const rowOf = ({ axis }: AxisData): string => mask(`at.${axis}!`);
  const hard = [...filters.map(rowOf), `~excluded[${word > 0 ? `x${suffix} + ${word}` : `x${suffix}`}]!`];
  if (price) {
    const terms = Array.from({ length: price.rows }, (_, row) => `(fits${row} & ${mask(String((price.row + row) * data.words))})`);
    hard.push(terms.length === 1 ? terms[0]! : `(${terms.join(' | ')})`);
  }
  const id = `${suffix}${word}`;
  const lines = [`const h${id} = ${hard.join(' & ')};`];
  if (tiers.length > 0) lines.push(`const t${id} = ${tiers.map(rowOf).join(' & ')};`);
  if (qualities.length > 0) lines.push(`const q${id} = ${qualities.map(rowOf).join(' & ')};`);
  for (const level of levels) {
    const tier = tiers.length === 0 ? '' : level & 1 ? ` & (t${id} | flexible)` : ` & t${id}`;
    const quality = qualities.length === 0 ? '' : level & 2 ? ` & (q${id} | relax)` : ` & q${id}`;
    lines.push(`const m${level}w${word} = h${id}${tier}${quality};`);
  }
  return lines;
}

/** The rank of the first bit of a level over all its words, the sentinel where there is none. */
function writeRank(words: number, level: number, sentinel: number): string[] {
  if (words === 1) return [`const p${level} = Math.clz32(m${level}w0);`];
  const lines = [`let p${level} = ${sentinel};`];
  for (let word = words - 1; word >= 0; word--) {
    const mask = `m${level}w${word}`;
    lines.push(`const z${level}w${word} = (${mask} | -${mask}) >> 31;`);
    lines.push(`p${level} = ((${word * 32} + Math.clz32(${mask})) & z${level}w${word}) | (p${level} & ~z${level}w${word});`);
  }
  return lines;
}
