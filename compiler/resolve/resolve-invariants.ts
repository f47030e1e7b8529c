import { DECISIONS, type Fact, type FactAxis, type FactName, type GivenState, type Invariant } from '../../schema/invariant.ts';
import type { InvariantEntry } from '../../schema/policy.ts';
import type { Bound, PolicySet } from '../../schema/policy-set.ts';
import { type BudgetStatus, CAPABILITIES, ENDPOINTS } from '../../schema/vocabulary.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import type { Named } from '../parse/merge.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import type { Desk, Register } from './desk.ts';
import { isLiteral, matches, refuseGlob } from './glob.ts';
import { readBound } from './units.ts';

/** What facts refer to by name, and the rows that they are facts of. */
export interface Known {
  readonly registers: Readonly<Record<'policy' | 'category' | 'class' | 'key' | 'backend' | 'name' | 'model' | 'budget', Register>>;
  readonly set: Pick<
    PolicySet,
    'policies' | 'categories' | 'classes' | 'callers' | 'names' | 'backends' | 'models' | 'targets' | 'budgets'
  >;
}

type Facts = NonNullable<InvariantEntry['never']>;
type Clause = 'when' | 'never' | 'always';

/** Invariants with every name bound; one with a fault is left out. */
export function resolveInvariants(known: Known, desk: Desk): readonly Invariant[] {
  return desk.sections.invariants.flatMap((named) => {
    const faults = desk.diagnostics.length;
    const invariant = named.broken ? null : resolveInvariant(named, known, desk);
    return invariant === null || desk.diagnostics.length > faults ? [] : [invariant];
  });
}

function resolveInvariant(named: Named<InvariantEntry>, known: Known, desk: Desk): Invariant | null {
  const { name, entry, tree, spot } = named;
  const { when = {}, never, always, given } = entry;
  if (never !== undefined && always !== undefined) {
    return desk.report(
      'bad-value',
      keyAt(tree, 'always'),
      `invariant \`${name}\` has both \`never\` and \`always\``,
      'make two invariants of it; what limits both goes under `when`',
      [{ message: '`never` is here', place: keyAt(tree, 'never').place }],
    );
  }
  const claim = never === undefined ? 'always' : 'never';
  const claimed = never ?? always;
  if (claimed === undefined) {
    return desk.report(
      'missing-key',
      spot,
      `invariant \`${name}\` claims nothing: it has neither \`never\` nor \`always\``,
      'add `never: { zone: open }`, or whatever must not be',
    );
  }
  const bind = (clause: Clause, facts: Facts): (Fact | null)[] =>
    (Object.keys(facts) as FactName[]).map((fact) => resolveFact({ named, clause, fact, known, desk }, facts));
  const bound = { when: bind('when', when), facts: bind(claim, claimed) };
  const state = resolveGiven(given, named, known, desk);
  if (state === null || [...bound.when, ...bound.facts].includes(null)) return null;
  return { name, claim, when: bound.when as Fact[], facts: bound.facts as Fact[], given: state, place: spot.place };
}

/** A fact as it stands: in which clause of which invariant. */
interface Spoken {
  readonly named: Named<InvariantEntry>;
  readonly clause: Clause;
  readonly fact: FactName;
  readonly known: Known;
  readonly desk: Desk;
}

/** What each key of a clause means; null where it means nothing, which has a finding. */
const MEANINGS: Record<FactName, (spoken: Spoken, facts: Facts) => Fact | null> = {
  policy: (spoken, facts) => byName(spoken, 'policy', 'policy', facts.policy, spoken.known.set.policies),
  category: (spoken, facts) => byName(spoken, 'category', 'category', facts.category, spoken.known.set.categories),
  class: (spoken, facts) => byName(spoken, 'class', 'class', facts.class, spoken.known.set.classes),
  key: (spoken, facts) => byName(spoken, 'caller', 'key', facts.key, spoken.known.set.callers),
  team: byTeam,
  label: byLabel,
  requested_model: (spoken, facts) =>
    byGlob(
      spoken,
      'name',
      facts.requested_model,
      spoken.known.set.names.map(({ name }) => name),
      'model or alias',
      isHiddenIn(spoken.known.registers.name),
    ),
  endpoint: (spoken, { endpoint }) => rowsFact(spoken, 'endpoint', indexesOf(ENDPOINTS, endpoint)),
  privacy: (spoken, { privacy }) =>
    rowsFact(
      spoken,
      'policy',
      rowsWhere(spoken.known.set.policies, (policy) => [privacy].flat().includes(policy.privacy)),
    ),
  needs: (spoken, { needs }) => needsFact(spoken, 'some', needs),
  needs_only: (spoken, { needs_only: only }) => needsFact(spoken, 'only', only),
  input_tokens: (spoken, facts) => boundFact(spoken, 'input', facts.input_tokens),
  output_tokens: (spoken, facts) => boundFact(spoken, 'output', facts.output_tokens),
  decision: (spoken, { decision }) => rowsFact(spoken, 'decision', indexesOf(DECISIONS, decision)),
  backend: (spoken, { backend }) =>
    byGlob(
      spoken,
      'target',
      backend,
      spoken.known.set.targets.map((target) => spoken.known.set.backends[target.backend].name),
      'backend',
      isHiddenIn(spoken.known.registers.backend),
    ),
  model: (spoken, { model }) =>
    byGlob(
      spoken,
      'target',
      model,
      spoken.known.set.targets.map((target) => spoken.known.set.models[target.model].name),
      'model',
      isHiddenIn(spoken.known.registers.model),
    ),
  target: (spoken, { target }) =>
    byGlob(spoken, 'target', target, targetNames(spoken.known.set), 'target', (word) =>
      isHiddenIn(spoken.known.registers.backend)(word.split('/')[0]),
    ),
  zone: (spoken, { zone }) => backendFact(spoken, (backend) => [zone].flat().includes(backend.zone)),
  tier: byTier,
  type: (spoken, { type }) => backendFact(spoken, (backend) => [type].flat().includes(backend.type)),
  cloud: (spoken, { cloud }) => backendFact(spoken, (backend) => backend.cloud === cloud),
  cost_usd: (spoken, facts) => boundFact(spoken, 'cost', facts.cost_usd),
};

const resolveFact = (spoken: Spoken, facts: Facts): Fact | null => MEANINGS[spoken.fact](spoken, facts);

const spotOf = ({ named, clause, fact }: Spoken, ...path: (string | number)[]) => spotAt(named.tree, clause, fact, ...path);

const rowsFact = (spoken: Spoken, axis: FactAxis, rows: readonly number[]): Fact => ({
  fact: spoken.fact,
  kind: 'rows',
  axis,
  rows: [...new Set(rows)].sort((a, b) => a - b),
  place: spotOf(spoken).place,
});

/** Names bound by a register; beside them the name of the row that nobody wrote (`everything-else`, `none`). */
function byName(
  spoken: Spoken,
  axis: FactAxis,
  kind: 'policy' | 'category' | 'class' | 'key',
  written: string | readonly string[] | undefined,
  rows: readonly { readonly name: string; readonly implicit: boolean }[],
): Fact | null {
  const register = spoken.known.registers[kind];
  const found = ([written].flat() as string[]).map((name, i) => {
    const implicit = register.has(name) ? -1 : rows.findIndex((row) => row.implicit && row.name === name);
    return implicit >= 0 ? implicit : register.find(name, spotOf(spoken, i), spoken.desk);
  });
  return found.includes(null) ? null : rowsFact(spoken, axis, found as number[]);
}

function byTeam(spoken: Spoken, { team }: Facts): Fact | null {
  const { callers } = spoken.known.set;
  const teams = [...new Set(callers.flatMap((caller) => (caller.team === null ? [] : [caller.team])))];
  const unknown = ([team].flat() as string[]).flatMap((name, i) => (teams.includes(name) ? [] : [[name, i] as const]));
  for (const [name, i] of unknown) {
    if (!spoken.known.registers.key.hidesSome && !spoken.desk.policy.doubtful)
      spoken.desk.report(
        'unknown-reference',
        spotOf(spoken, i),
        `no key is of team \`${name}\``,
        didYouMean(name, teams, 'use a team of `keys`, or remove the invariant'),
      );
  }
  if (unknown.length > 0) return null;
  return rowsFact(
    spoken,
    'caller',
    rowsWhere(callers, (caller) => caller.team !== null && [team].flat().includes(caller.team)),
  );
}

function byLabel(spoken: Spoken, { label = {} }: Facts): Fact | null {
  const rows = rowsWhere(spoken.known.set.callers, ({ labels }) => Object.entries(label).every(([name, value]) => labels[name] === value));
  if (rows.length > 0) return rowsFact(spoken, 'caller', rows);
  if (spoken.known.registers.key.hidesSome || spoken.desk.policy.doubtful) return null;
  const pairs = Object.entries(label).map(([name, value]) => `\`${name}: ${value}\``);
  return spoken.desk.report(
    'unknown-reference',
    spotOf(spoken),
    `no key carries ${pairs.join(' and ')}`,
    'use labels of `keys`, or remove the invariant',
  );
}

/** Names and globs over the names of rows; one that matches nothing would make the invariant say nothing. */
function byGlob(
  spoken: Spoken,
  axis: FactAxis,
  written: string | readonly string[] | undefined,
  names: readonly string[],
  noun: string,
  isHidden: (word: string) => boolean,
): Fact | null {
  const { desk } = spoken;
  const rows: number[] = [];
  let usable = true;
  for (const [i, glob] of ([written].flat() as string[]).entries()) {
    const refusal = refuseGlob(glob);
    if (refusal !== null) desk.report('bad-glob', spotOf(spoken, i), refusal[0], refusal[1]);
    const found = refusal !== null ? [] : rowsWhere(names, (name) => (isLiteral(glob) ? name === glob : matches(glob, name)));
    if (found.length === 0) usable = false;
    if (found.length === 0 && refusal === null && !isHidden(glob) && !desk.policy.mayDefine(glob)) {
      const message = isLiteral(glob) ? `there is no ${noun} \`${glob}\`` : `no ${noun} matches \`${glob}\``;
      const known = [...new Set(names)];
      const otherwise = known.length === 0 ? `define it, or remove the invariant` : `use one of ${listSome(known)}`;
      desk.report('unknown-reference', spotOf(spoken, i), message, isLiteral(glob) ? didYouMean(glob, known, otherwise) : otherwise);
    }
    rows.push(...found);
  }
  return usable ? rowsFact(spoken, axis, rows) : null;
}

/** Defined by something that has a finding of its own. */
const isHiddenIn =
  (register: Register) =>
  (word: string): boolean =>
    register.has(word) && register.row(word) === undefined;

const listSome = (names: readonly string[]): string =>
  `${names
    .slice(0, 5)
    .map((name) => `\`${name}\``)
    .join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;

function needsFact(spoken: Spoken, of: 'some' | 'only', written: Facts['needs']): Fact {
  const bits = ([written].flat() as string[]).reduce((all, name) => all | (1 << CAPABILITIES.indexOf(name as never)), 0);
  return { fact: spoken.fact, kind: 'needs', of, bits, place: spotOf(spoken).place };
}

function boundFact(spoken: Spoken, measure: 'input' | 'output' | 'cost', written: string | number | undefined): Fact | null {
  const bound = boundOf(spoken, measure === 'cost' ? 1e9 : 1, written!);
  if (bound === null) return null;
  return { fact: spoken.fact, kind: 'bound', measure, bound, written: String(written), place: spotOf(spoken).place };
}

function byTier(spoken: Spoken, { tier }: Facts): Fact | null {
  const bound = boundOf(spoken, 1, tier!);
  if (bound === null) return null;
  return rowsFact(
    spoken,
    'target',
    rowsWhere(spoken.known.set.targets, (target) => HOLDS[bound.op](target.tier, bound.value)),
  );
}

const HOLDS: Record<Bound['op'], (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
};

function boundOf(spoken: Spoken, scale: number, written: string | number): Bound | null {
  const bound = readBound(written, scale);
  if (bound !== null) return bound;
  const [what, like] =
    scale === 1 ? ['a whole number', '"<=4000"'] : ['an amount of USD with at most nine decimals, below nine million', '"<=1"'];
  return spoken.desk.report('bad-unit', spotOf(spoken), `\`${written}\` does not compare with ${what}`, `write it like this: \`${like}\``);
}

function backendFact(spoken: Spoken, holds: (backend: PolicySet['backends'][number]) => boolean): Fact {
  const { targets, backends } = spoken.known.set;
  return rowsFact(
    spoken,
    'target',
    rowsWhere(targets, (target) => holds(backends[target.backend])),
  );
}

const rowsWhere = <T>(rows: readonly T[], holds: (row: T) => boolean): number[] => rows.flatMap((row, i) => (holds(row) ? [i] : []));
const indexesOf = <T>(values: readonly T[], written: T | readonly T[] | undefined): number[] =>
  rowsWhere(values, (value) => ([written].flat() as T[]).includes(value));
const targetNames = ({ targets, backends, models }: Known['set']): string[] =>
  targets.map((target) => `${backends[target.backend].name}/${models[target.model].name}`);

function resolveGiven(
  given: InvariantEntry['given'],
  { tree }: Named<InvariantEntry>,
  { set, registers }: Known,
  desk: Desk,
): GivenState | null {
  const faults = desk.diagnostics.length;
  const names = targetNames(set);
  const rowsOf = (key: 'down' | 'full'): number[] | null => {
    const written = given?.[key];
    if (written === undefined) return null;
    return written.flatMap((name, i) => {
      const rows = rowsWhere(names, (target) => target === name || target.startsWith(`${name}/`));
      if (rows.length === 0 && !registers.backend.has(name) && !desk.policy.mayDefine(name)) {
        const known = [...set.backends.map((backend) => backend.name), ...names];
        const otherwise = `use one of ${listSome(known)}`;
        desk.report(
          'unknown-reference',
          spotAt(tree, 'given', key, i),
          `there is no backend or target \`${name}\``,
          didYouMean(name, known, otherwise),
        );
      }
      return rows;
    });
  };
  const statuses = given?.budgets;
  const budgets: BudgetStatus[] | null = statuses === undefined ? null : set.budgets.map(() => 'Normal');
  for (const [name, status] of Object.entries(statuses ?? {})) {
    const row = registers.budget.find(name, keyAt(tree, 'given', 'budgets', name), desk);
    if (row !== null) budgets![row] = status;
  }
  const state = { down: rowsOf('down'), full: rowsOf('full'), budgets };
  return desk.diagnostics.length > faults ? null : state;
}
