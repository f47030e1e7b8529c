import type { RequestHints, TokenCount } from '../../../schema/request.ts';
import { CODE } from '../../../schema/decision.ts';
import type { DrawnRequest } from '../draw-requests.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';
import { type LoadedPolicy, loadPolicy } from '../load-policy.ts';

/** One rule of the policy that all engines share: the first whose family and team fit governs. */
export interface Rule {
  /** What a model's name begins with; empty: any name. */
  readonly family: string;
  readonly team: string | null;
  readonly minTier: number;
  readonly restricted: boolean;
  /** USD; null = no cap. */
  readonly maxCost: number | null;
}

const FAMILIES = ['support', 'code', 'search', 'legal', 'sales', 'finance'] as const;
const TEAMS = ['platform', 'research', 'field'] as const;

/** Six families: two teams and then everybody else, each; one team; the rest. */
export const RULES: readonly Rule[] = [
  ...FAMILIES.flatMap((family, row): Rule[] => [
    { family, team: TEAMS[row % 3]!, minTier: 1 + (row % 4), restricted: row % 3 === 0, maxCost: 0.02 },
    { family, team: TEAMS[(row + 1) % 3]!, minTier: 1 + ((row + 2) % 3), restricted: false, maxCost: row % 2 === 0 ? 0.005 : null },
    { family, team: null, minTier: 1 + ((row + 1) % 4), restricted: row % 2 === 0, maxCost: 0.01 },
  ]),
  { family: '', team: 'research', minTier: 4, restricted: false, maxCost: null },
  { family: '', team: null, minTier: 1, restricted: false, maxCost: 0.001 },
];

/** Best first: higher priority. Prices in USD per million tokens. */
const TARGETS = [
  { backend: 'frontier', tier: 5, zone: 'open', priority: 90, input: 3, output: 15 },
  { backend: 'cloud', tier: 4, zone: 'open', priority: 80, input: 1.25, output: 10 },
  { backend: 'rack', tier: 4, zone: 'restricted', priority: 70, input: 1, output: 4 },
  { backend: 'cheap', tier: 3, zone: 'open', priority: 60, input: 0.25, output: 2 },
  { backend: 'hall', tier: 3, zone: 'restricted', priority: 50, input: 0.4, output: 1 },
  { backend: 'desk', tier: 2, zone: 'restricted', priority: 40, input: 0, output: 0 },
  { backend: 'small', tier: 1, zone: 'restricted', priority: 30, input: 0, output: 0 },
] as const;

/** Tokens of the answer that estimates are made with. */
const OUTPUT = 500;

/** What the engines are asked. `team` is empty for a caller without a key. */
export interface Question {
  readonly model: string;
  readonly team: string;
  readonly tokens: number;
}

const NAMES = [...FAMILIES, 'misc'].flatMap((family) => ['chat', 'draft', 'summary', 'batch', 'eval'].map((task) => `${family}-${task}`));

export const loadTwentyRules = (): Promise<LoadedPolicy> => loadPolicy(writePolicy());

function writePolicy(): string {
  const lines = ['version: 1', 'backends:'];
  for (const { backend, tier, zone, priority, input, output } of TARGETS) {
    lines.push(`  ${backend}: { type: generic, url: "http://${backend}.example", zone: ${zone}, tier: ${tier}, priority: ${priority},`);
    lines.push(`    models: { ${backend}-1: { price: { input: ${input}, output: ${output} } } } }`);
  }
  lines.push('auto: { any: { candidates: ["*"] } }', 'aliases:', ...NAMES.map((name) => `  ${name}: any`), 'keys:');
  TEAMS.forEach((team, row) => {
    lines.push(`  ${team}: { sha256: "${String(row).repeat(64)}", team: ${team}, scopes: [llm:invoke] }`);
  });
  lines.push(`classifier: { expected_output_tokens: ${OUTPUT} }`, 'traffic:');
  RULES.forEach(({ family, team, minTier, restricted, maxCost }, row) => {
    const match = [...(family ? [`model: "${family}-*"`] : []), ...(team ? [`team: ${team}`] : [])];
    lines.push(`  - name: rule-${row}`, ...(match.length > 0 ? [`    match: { ${match.join(', ')} }`] : []), `    min_tier: ${minTier}`);
    lines.push(
      `    privacy: ${restricted ? 'restricted' : 'unrestricted'}`,
      ...(maxCost === null ? [] : [`    max_cost_per_request: ${maxCost}`]),
    );
  });
  return `${lines.join('\n')}\n`;
}

const NO_HINTS: RequestHints = { strict: false, flexible: false, category: null, class: null };

export function drawQuestions(size: number, random: () => number): Question[] {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  return Array.from({ length: size }, () => ({
    // Fresh from bytes, as a request brings it.
    model: Buffer.from(pick(NAMES)).toString('latin1'),
    team: pick([...TEAMS, '']),
    tokens: Math.floor(10 * 2000 ** random()),
  }));
}

const noText = (): string => '';

/** Tokens that were counted before; a class, so that a question costs one object and no closure. */
class KnownTokens implements TokenCount {
  readonly low: number;
  readonly high: number;

  constructor(tokens: number) {
    this.low = tokens;
    this.high = tokens;
  }

  atLeast(): number {
    return this.low;
  }

  exact(): number {
    return this.low;
  }
}

/** The same question as a gateway puts it. */
export const toRequest = ({ model, team, tokens }: Question): DrawnRequest => ({
  body: { endpoint: 'chat', model, maxOutputTokens: null, answers: 1, tools: 0, required: 1, text: noText },
  hints: NO_HINTS,
  caller: team === '' ? TEAMS.length : TEAMS.indexOf(team as (typeof TEAMS)[number]),
  tokens: new KnownTokens(tokens),
});

/** By rule: its cap, and the targets that are good enough, best first, with what a token and the answer cost on them. */
export const CHOICES = RULES.map(({ minTier, restricted, maxCost }) => ({
  // Pico-dollars a token, as the router counts: USD per million tokens × 1e6.
  cap: maxCost === null ? Number.POSITIVE_INFINITY : Math.round(maxCost * 1e12),
  targets: TARGETS.flatMap(({ tier, zone, input, output }, row) =>
    tier >= minTier && (!restricted || zone === 'restricted')
      ? [{ row, input: Math.round(input * 1e6), output: Math.round(OUTPUT * output * 1e6) }]
      : [],
  ),
}));

/** From the rule that an engine found to the target, by hand and the same for every engine: the first that is good enough and fits. */
export function choose(rule: number, tokens: number): number {
  const { cap, targets } = CHOICES[rule]!;
  for (const { row, input, output } of targets) if (tokens * input + output <= cap) return row;
  return -1;
}

/** Our answer to a question: the row of the target, -1 for a rejection. */
export function makeAnswer({ router, set }: LoadedPolicy): (question: Question) => number {
  const live = router.lay(router.rank({ epoch: 1, targets: set.targets.map(() => UNMEASURED), budgets: [] }));
  return (question) => {
    const { body, hints, caller, tokens } = toRequest(question);
    const code = router.decide(router.analyze(body, hints, caller, tokens), live, router.none);
    return code < 0 ? -1 : code & CODE.TARGET;
  };
}
