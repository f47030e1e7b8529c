import type { Intent } from '../../../schema/intent.ts';
import type { PriceTier } from '../../../schema/price.ts';
import type { Usage } from '../../../schema/usage.ts';
import type { Column, PriceSteps, RouterData } from './data.ts';

/** Tokens that every count already took for an image; see `IMAGE_TOKENS` in the schema. */
const COUNTED_IMAGE = 85 + 170 * 8;
const NONE: readonly number[] = Object.freeze([]);

/** Builds `budgets`, `bound` and `actual`: who pays for a call, the most that it can cost, and what it did cost. */
export function buildMoney(data: RouterData) {
  const { columns } = data;
  const payers = payersOf(data);

  const budgets = (intent: Intent, target: number): readonly number[] => {
    const scopes = payers[target]!;
    return scopes.length === 0 ? NONE : scopes[intent.at.scope!]!;
  };

  const bound = (intent: Intent, target: number): number => {
    const { known, dearest, exact, overhead } = columns[target]!;
    if (!known) return Number.NaN;
    const text = exact ? intent.inputHigh : intent.inputMost;
    const images = intent.images * Math.max(0, overhead.image - COUNTED_IMAGE);
    const input = text + images + Number(intent.tools > 0) * overhead.tools;
    const { input: rateIn, output: rateOut } = tierAt(dearest, input);
    const { answers } = intent;
    return nano(
      wholes(input * answers, rateIn) + wholes(intent.outputCap * answers, rateOut),
      rests(input * answers, rateIn) + rests(intent.outputCap * answers, rateOut),
    );
  };

  const kinds = columns.map(({ rates }) => rates.map(kindsOf));
  const actual = (usage: Usage, target: number): number => {
    const { known, rates } = columns[target]!;
    if (!known) return Number.NaN;
    const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
    let whole = 0;
    let rest = 0;
    for (const { of, rate, shares } of kinds[target]![rates.indexOf(tierAt(rates, prompt))]!) {
      let text = usage[of];
      for (const share of shares) {
        const tokens = Math.min(text, usage[share.of] ?? 0);
        text -= tokens;
        whole += wholes(tokens, share.rate);
        rest += rests(tokens, share.rate);
      }
      whole += wholes(text, rate);
      rest += rests(text, rate);
    }
    return nano(whole, rest);
  };

  return { budgets, bound, actual };
}

/** The tier of a prompt of so many tokens, cached ones included. */
export function tierAt<T extends { readonly above: number }>(tiers: readonly T[], tokens: number): T {
  let at = tiers.length - 1;
  while (at > 0 && tokens <= tiers[at]!.above) at--;
  return tiers[at]!;
}

/** Pico-dollars of so many tokens of text. */
export function costAt({ rates }: Column, input: number, output: number): number {
  const tier = tierAt(rates, input);
  return input * tier.input + output * tier.output;
}

/** The same by the steps of a price class. */
export function costIn(steps: PriceSteps, input: number, output: number): number {
  let at = steps.length - 1;
  while (at > 0 && input <= steps[at]![0]) at--;
  return input * steps[at]![1] + output * steps[at]![2];
}

// Pico-dollars leave the range of exact integers at $9,007: whole nano-dollars and the rest are added apart.
const wholes = (tokens: number, rate: number): number => tokens * Math.floor(rate / 1000);
const rests = (tokens: number, rate: number): number => tokens * (rate % 1000);
const nano = (whole: number, rest: number): number => whole + Math.ceil(rest / 1000);

type Part = 'input' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'output';
type Share = Exclude<keyof Usage, Part | 'reasoning'>;
interface Kind {
  readonly of: Part;
  readonly rate: number;
  readonly shares: readonly { readonly of: Share; readonly rate: number }[];
}

/** The parts of a usage with their rates. What is not priced apart costs what the kind that it is a part of costs. */
function kindsOf(tier: PriceTier): Kind[] {
  const { input, output } = tier;
  const read = tier.cachedInput ?? input;
  const write = tier.cacheWrite5m ?? input;
  return [
    {
      of: 'input',
      rate: input,
      shares: [
        { of: 'inputAudio', rate: tier.inputAudio ?? input },
        { of: 'inputImage', rate: tier.inputImage ?? input },
        { of: 'inputVideo', rate: tier.inputVideo ?? input },
      ],
    },
    {
      of: 'cacheRead',
      rate: read,
      shares: [
        { of: 'cachedAudio', rate: tier.cachedAudio ?? tier.inputAudio ?? read },
        { of: 'cachedImage', rate: tier.cachedImage ?? tier.inputImage ?? read },
      ],
    },
    { of: 'cacheWrite5m', rate: write, shares: [] },
    { of: 'cacheWrite1h', rate: tier.cacheWrite1h ?? write, shares: [] },
    {
      of: 'output',
      rate: output,
      shares: [
        { of: 'outputAudio', rate: tier.outputAudio ?? output },
        { of: 'outputImage', rate: tier.outputImage ?? output },
        { of: 'outputVideo', rate: tier.outputVideo ?? output },
      ],
    },
  ];
}

/** By target, then by scope: the rows of the budgets that pay. Targets of one backend share their lists, equal lists are one. */
function payersOf(data: RouterData): readonly (readonly (readonly number[])[])[] {
  const axis = data.axes.find(({ content }) => content.kind === 'budget');
  if (axis?.content.kind !== 'budget') return data.columns.map(() => []);
  const { scopes } = axis.content;
  const lists = new Map<string, readonly number[]>();
  const byBackend = new Map<string, readonly (readonly number[])[]>();
  return data.columns.map(({ backend }) => {
    const known = byBackend.get(backend);
    if (known) return known;
    const made = scopes.map((scope) => {
      const rows = scope.map(({ budget }) => budget).filter((row) => (data.budgets[row]!.backend ?? backend) === backend);
      const key = rows.join(' ');
      if (!lists.has(key)) lists.set(key, Object.freeze(rows));
      return lists.get(key)!;
    });
    byBackend.set(backend, made);
    return made;
  });
}
