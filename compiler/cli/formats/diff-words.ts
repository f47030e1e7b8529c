import type { DiffClass, EffectFacts, Witness } from '../../diff/sorter.ts';
import type { Direction, EffectKind } from '../../diff/effects.ts';
import { formatFlow } from './format-flow.ts';

/** What an effect is called, as the predicate of "requests". */
const WORDS: Record<EffectKind, Record<Direction, string>> = {
  cloud: { loosens: 'may now reach the cloud', tightens: 'no longer reach the cloud', moves: '' },
  answer: { loosens: 'are now answered', tightens: 'are now rejected', moves: '' },
  caller: { loosens: 'are now let in', tightens: 'are now refused', moves: '' },
  name: { loosens: 'name what is now known', tightens: 'name what is no longer known', moves: '' },
  target: { loosens: 'may now go to more targets', tightens: 'may no longer go to some targets', moves: '' },
  fallback: { loosens: 'may now fall back to another model', tightens: 'no longer fall back to another model', moves: '' },
  tier: { loosens: 'may now be served by a lower tier', tightens: 'need a higher tier', moves: '' },
  floor: { loosens: 'meet a floor that was relaxed for them', tightens: 'are served only with a floor relaxed', moves: '' },
  cost: { loosens: 'may now cost more', tightens: 'cost less', moves: '' },
  output: { loosens: 'may now be answered at more length', tightens: 'are cut shorter', moves: '' },
  state: {
    loosens: 'are held back less in some states',
    tightens: 'are held back more in some states',
    moves: 'are decided differently in some states',
  },
  first: { loosens: '', tightens: '', moves: 'go elsewhere' },
  order: { loosens: '', tightens: '', moves: 'fail over in another order' },
};

const PROBLEM_OF: Readonly<Record<string, string>> = { 'X-Nexus-Category': 'unknown-category', 'X-Nexus-Class': 'unknown-class' };

export const headlineOf = ({ kind, direction }: Pick<DiffClass, 'kind' | 'direction'>): string => WORDS[kind][direction];

/** Which policies govern it: `a`, or `a → b`. */
export function policiesOf({ policies }: DiffClass): string {
  const pairs = policies.map(({ old, now }) => (old === now ? `${now}` : `${old} → ${now}`));
  return listShortly(pairs, 4);
}

/** The facts of the effects beside the headline, one line each. */
export function detailsOf({ effects, kind: lead, direction, first }: DiffClass): string[] {
  const lines = effects.flatMap((effect) => {
    const facts = factsOf(effect, direction);
    if (effect.kind === lead) return facts === '' ? [] : [facts];
    if (effect.kind === 'target' && effects.some(({ kind }) => kind === 'cloud')) return facts === '' ? [] : [facts];
    return [`${WORDS[effect.kind][direction]}${facts === '' ? '' : `: ${facts}`}`];
  });
  const moves = first.filter(({ old, now }) => old !== now).map(({ old, now }) => `${old ?? 'rejected'} → ${now ?? 'rejected'}`);
  return [...new Set(lines), ...(moves.length > 0 ? [`first: ${listShortly(moves, 3)}`] : [])];
}

function factsOf({ kind, targets, from, to }: EffectFacts, direction: Direction): string {
  const sign = direction === 'loosens' ? '+' : '−';
  if (targets.length > 0) return `${sign} ${listShortly(targets, 6)}`;
  if (kind === 'cost') return `up to ${dollars(to)}, before ${dollars(from)}`;
  if (kind === 'tier') return `tier ${to}, before ${from}`;
  if (kind === 'output') return `${to} tokens, before ${from}`;
  return '';
}

/** Four digits that count; null is a price that nobody knows. */
const dollars = (usd: number | null): string =>
  usd === null ? 'an unknown price' : usd === 0 ? 'nothing' : `$${Number(usd.toPrecision(4))}`;

/** Who is meant: names, callers, categories. */
export function requestsOf({ names, callers, categories, size }: DiffClass): string {
  const parts = [
    names.length > 0
      ? listShortly(
          names.map((name) => `\`${name}\``),
          5,
        )
      : '',
    callers.length > 0 ? `from ${listShortly(callers, 4)}` : '',
    categories.length > 0 ? `in ${listShortly(categories, 5)}` : '',
  ].filter((part) => part !== '');
  return `${parts.join(', ')} (${count(size, 'kind')})`;
}

/** The witness as an entry of a `*.test.yaml` that the new policy passes. */
export function testOf(found: DiffClass): string[] {
  const { endpoint, request, headers, key, tokens, given, now } = found.witness;
  const isLong = tokens > 64;
  const entry = {
    ...(endpoint === 'chat' ? {} : { endpoint }),
    request: isLong ? shorten(request) : request,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(key === null ? {} : { key }),
    ...(isLong ? { tokens } : {}),
    ...(Object.keys(given).length > 0 ? { given } : {}),
    ...(expectOf(found, now) ?? {}),
  };
  return [`- name: ${formatFlow(titleOf(found))}`, ...Object.entries(entry).map(([member, value]) => `  ${member}: ${formatFlow(value)}`)];
}

/** No two classes of a comparison have the same. */
function titleOf(found: DiffClass): string {
  const { policies, names, callers, plain } = found;
  const who = policies.length > 0 ? policiesOf(found) : listShortly([...names, ...callers], 4);
  return `${who}: requests ${headlineOf(found)}${plain ? '' : ' in some states'}`;
}

/** The words of a long request are of no matter, its tokens are. */
function shorten(request: Witness['request']): unknown {
  return JSON.parse(
    JSON.stringify(request)
      .replaceAll(/(?: a){20,}/g, ' …')
      .replaceAll(/(?:a ){20,}/g, '… '),
  );
}

function expectOf({ kind, direction, witness }: DiffClass, now: string | null): { expect: unknown } | null {
  if (kind === 'caller') return null;
  if (kind === 'name') {
    if (direction !== 'tightens') return null;
    const [hint] = Object.keys(witness.headers);
    return { expect: { problem: hint === undefined ? 'unknown-model' : PROBLEM_OF[hint] } };
  }
  if (now === null) return { expect: { decision: 'reject' } };
  const slash = now.indexOf('/');
  return { expect: { backend: now.slice(0, slash), model: now.slice(slash + 1) } };
}

export function listShortly(words: readonly string[], most: number): string {
  if (words.length <= most + 1) return words.join(', ');
  return `${words.slice(0, most).join(', ')} and ${(words.length - most).toLocaleString('en-US')} more`;
}

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
