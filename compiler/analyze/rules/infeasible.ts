import type { Category, PolicySet, TaskClass } from '../../../schema/policy-set.ts';
import { CAPABILITIES } from '../../../schema/vocabulary.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { firstFew } from '../list-names.ts';
import { nameTarget } from '../name-target.ts';

const CHAT = 1 << CAPABILITIES.indexOf('chat');

/**
 * A category whose floor and cost cap no target meets together, for the reference request that the category's order is made by; or a
 * class whose candidates meet those of no category. What binds is named, with the value that would let the nearest target in.
 */
export const rule: AnalysisRule = {
  slug: 'infeasible',
  check(set) {
    const chats = [...set.targets.keys()].filter((row) => (set.targets[row].capabilities & CHAT) !== 0);
    // Where nothing chats, that is another finding.
    if (chats.length === 0) return [];
    const categories = set.categories.filter(({ implicit }) => !implicit);
    const faulty = categories.filter((category) => !isFeasible(set, category, chats));
    const sound = categories.filter((category) => !faulty.includes(category));
    return [
      ...faulty.map((category) => reportCategory(set, category, chats)),
      ...set.classes.flatMap((taskClass) => {
        const rows = taskClass.candidates?.filter((row) => chats.includes(row)) ?? [];
        if (rows.length === 0 || sound.length === 0 || set.categories.some((category) => isFeasible(set, category, rows, chats))) return [];
        return [reportClass(set, taskClass, sound, rows)];
      }),
    ];
  },
};

/** `all`: what a relative floor refers to. */
function isFeasible(set: PolicySet, category: Category, rows: readonly number[], all: readonly number[] = rows): boolean {
  // The implicit category is every request's where none of the others holds; where one always does, nobody meets it.
  if (category.implicit) return !hasCatchAll(set);
  const floor = floorOf(set, category, all);
  return rows.some(
    (row) => set.targets[row].quality >= floor && costOf(set, category, row) <= (category.maxCost ?? Number.POSITIVE_INFINITY),
  );
}

const hasCatchAll = ({ categories }: PolicySet): boolean =>
  categories.some(({ implicit, when }) => !implicit && when.score === null && when.inputTokens === null);

function reportCategory(set: PolicySet, category: Category, rows: readonly number[]): Diagnostic {
  const { name, place, maxCost, strict, reference } = category;
  const floor = floorOf(set, category, rows);
  const good = rows.filter((row) => set.targets[row].quality >= floor);
  const [best] = [...rows].sort((a, b) => set.targets[b].quality - set.targets[a].quality || a - b);
  const request = `its reference request (${reference.input} tokens in, ${reference.output} out)`;
  const outcome = strict || floor === 0 ? 'such requests are rejected' : 'its floor is relaxed for such requests, with a warning';
  if (good.length === 0) {
    return finding(
      'infeasible',
      { place, length: name.length },
      `no target meets \`min_quality: ${floor / 1e6}\` of category \`${name}\`: ${outcome}`,
      `lower \`min_quality\` to ${set.targets[best].quality / 1e6} (\`${nameTarget(set, best)}\`), or add a better target`,
      [pointAt(set, best, `\`${nameTarget(set, best)}\` is the best, with ${set.targets[best].quality / 1e6}`)],
    );
  }
  const [cheapest] = good.sort((a, b) => costOf(set, category, a) - costOf(set, category, b) || a - b);
  const cost = costOf(set, category, cheapest);
  const known = set.targets[cheapest].price.source !== 'unknown';
  const affordable = rows
    .filter((row) => costOf(set, category, row) <= maxCost!)
    .sort((a, b) => set.targets[b].quality - set.targets[a].quality || a - b);
  const lower = affordable.length === 0 ? '' : `, or lower \`min_quality\` to ${set.targets[affordable[0]].quality / 1e6}`;
  const bound = floor > 0 ? ` with \`min_quality: ${floor / 1e6}\`` : '';
  return finding(
    'infeasible',
    { place, length: name.length },
    `no target${bound} fits \`max_cost_per_request: ${usd(maxCost!)}\` of category \`${name}\` for ${request}: ${
      affordable.length === 0 ? 'such requests are rejected' : outcome
    }`,
    known
      ? `raise \`max_cost_per_request\` to ${usdUp(cost)} (\`${nameTarget(set, cheapest)}\`)${lower}`
      : `say the \`price\` of \`${nameTarget(set, cheapest)}\`, or add a target whose price is known${lower}`,
    firstFew(good).map((row) =>
      pointAt(
        set,
        row,
        set.targets[row].price.source === 'unknown'
          ? `\`${nameTarget(set, row)}\` has no known price`
          : `\`${nameTarget(set, row)}\` would cost $${usdUp(costOf(set, category, row))}`,
      ),
    ),
  );
}

function reportClass(set: PolicySet, { name, place }: TaskClass, categories: readonly Category[], rows: readonly number[]): Diagnostic {
  const names = categories.map((category) => `\`${category.name}\``).join(', ');
  return finding(
    'infeasible',
    { place, length: name.length },
    `no candidate of class \`${name}\` meets \`min_quality\` and \`max_cost_per_request\` of any category (${names})`,
    'add a candidate that meets those of one, or relax a category',
    firstFew(rows).map((row) => pointAt(set, row, `\`${nameTarget(set, row)}\` has quality ${set.targets[row].quality / 1e6}`)),
  );
}

/** Micros, rounded up. */
function floorOf(set: PolicySet, { minQuality, relativeQuality }: Category, rows: readonly number[]): number {
  const best = rows.reduce((most, row) => Math.max(most, set.targets[row].quality), 0);
  return Math.max(minQuality ?? 0, relativeQuality === null ? 0 : Math.ceil((relativeQuality * best) / 1_000_000));
}

/** Pico-dollars of the category's reference request. */
function costOf(set: PolicySet, { reference: { input, output } }: Category, row: number): number {
  const { price } = set.targets[row];
  const rates = price.tiers?.findLast(({ above }) => input > above) ?? price;
  return input * rates.input + output * rates.output;
}

const pointAt = (set: PolicySet, row: number, message: string) => ({ message, place: set.targets[row].place });

/** Pico-dollars as USD, to six decimals at least; rounded up, where it is to be enough. */
const usd = (pico: number): string => String(pico / 1e12);
const usdUp = (pico: number): string => String(Math.ceil(pico / 1e6) / 1e6);
