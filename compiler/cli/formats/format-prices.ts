import type { Price, Rates } from '../../../schema/price.ts';
import type { PriceChange } from '../compare-prices.ts';
import type { PriceList, PricedTarget } from '../list-prices.ts';
import type { Paint } from './paint.ts';

const COLUMNS = ['target', 'input', 'output', 'cached', 'write 5m', 'write 1h', 'from'] as const;
/** Rates beside the columns, with the words for them. */
const MEDIA: Readonly<Partial<Record<keyof Rates, string>>> = {
  inputAudio: 'audio in',
  cachedAudio: 'cached audio',
  outputAudio: 'audio out',
  inputImage: 'images in',
  cachedImage: 'cached images',
  outputImage: 'images out',
  inputVideo: 'video in',
  outputVideo: 'video out',
};

/** A price list for people: USD per million tokens, a line for every target, one for every tier and what else is known of it below. */
export function formatPrices({ table, targets }: PriceList, paint: Paint): string {
  const lines = targets.flatMap((row) => [
    [row.target, ...ratesOf(row.price), sourceOf(row)],
    ...(row.price.tiers ?? []).map((tier) => [`  above ${tier.above} tokens`, ...ratesOf(tier), '']),
    ...notesOf(row.price).map((note) => [`  ${note}`]),
  ]);
  const full = lines.filter((cells) => cells.length > 1);
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...full.map((cells) => cells[column].length)));
  const align = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 || column === COLUMNS.length - 1 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  const body = lines.map((cells) => (cells.length === 1 ? paint.dim(cells[0]) : align(cells)));
  return `${['USD per million tokens', paint.bold(align(COLUMNS)), ...body, paint.dim(`price table: ${table}`)].join('\n')}\n`;
}

export function formatPriceChanges(changes: readonly PriceChange[], paint: Paint): string {
  if (changes.length === 0) return 'no price changed\n';
  const rows = changes.map(({ target, what, old, new: now }) => {
    if (what === 'target') return `${paint.bold(target)}  ${old === null ? 'is new' : 'is gone'}`;
    return `${paint.bold(target)}  ${what}  ${old ?? 'none'} → ${now ?? 'none'}${shareOf(old, now)}`;
  });
  return `${rows.join('\n')}\n`;
}

const shareOf = (old: string | number | null, now: string | number | null): string => {
  if (typeof old !== 'number' || typeof now !== 'number' || old === 0) return '';
  const percent = ((now - old) / old) * 100;
  return `  (${percent > 0 ? '+' : ''}${percent.toFixed(1)} %)`;
};

function ratesOf(rates: Rates & Partial<Pick<Price, 'source'>>): string[] {
  const { source, input, output, cachedInput, cacheWrite5m, cacheWrite1h } = rates;
  if (source === 'unknown') return ['?', '?', '', '', ''];
  if (source === 'free') return ['free', 'free', '', '', ''];
  return [input, output, cachedInput, cacheWrite5m, cacheWrite1h].map(usd);
}

function sourceOf({ price, place, upstream }: PricedTarget): string {
  const where = place === null ? '' : `  ${place.file}:${place.line}`;
  const words = {
    policy: 'policy',
    table: `table ${price.entry ?? upstream}${price.since === undefined ? '' : ` since ${price.since}`}`,
    free: 'free',
    unknown: 'unknown: no estimate, and no budget can count it',
  };
  return `${words[price.source]}${where}`;
}

function notesOf(price: Price): string[] {
  const media = (Object.keys(MEDIA) as (keyof Rates)[]).filter((kind) => price[kind] != null);
  const notes = media.length === 0 ? [] : [media.map((kind) => `${MEDIA[kind]} ${usd(price[kind])}`).join(', ')];
  if (price.next !== undefined) notes.push(`from ${price.next.from}: ${usd(price.next.input)} in, ${usd(price.next.output)} out`);
  if (price.uncounted !== undefined) notes.push(`not counted, though the provider charges for it: ${price.uncounted.join(', ')}`);
  return notes;
}

/** Pico-dollars a token as USD per million. */
const usd = (rate: number | null | undefined): string => (rate == null ? '' : String(rate / 1e6));
