import { CAPABILITIES } from '../../schema/vocabulary.ts';
import type { Bench, RequestDifference } from './compare-request.ts';
import type { Sample } from './compare-tokens.ts';
import { DIRECTIONS, type Direction, type Effect, EFFECTS, type EffectKind } from './effects.ts';
import type { GivenState } from './probes.ts';
import { nameState } from './name-state.ts';
import type { Renames } from './renames.ts';
import { type WitnessRequest, writeWitness } from './witness.ts';

/** Requests that change in the same way. */
export interface DiffClass {
  readonly direction: Direction;
  /** The gravest of its effects. */
  readonly kind: EffectKind;
  /** Its decisions change with everything up; else only in some states, see the witness. */
  readonly plain: boolean;
  /** Traffic policies that governed it, and that govern it now; null where there is none on that side. */
  readonly policies: readonly PolicyPair[];
  readonly effects: readonly EffectFacts[];
  /** Names that are asked for. */
  readonly names: readonly string[];
  /** Names of keys; empty where callers have none. */
  readonly callers: readonly string[];
  readonly categories: readonly string[];
  /** Who comes first, before and now, `backend/model`; null = rejected. */
  readonly first: readonly { readonly old: string | null; readonly now: string | null }[];
  /** Requests that stand for it: one for each stretch of tokens of each kind. */
  readonly size: number;
  /** How many of the recorded requests are of this class; null where none were given. */
  readonly recorded: number | null;
  readonly witness: Witness;
}

export interface PolicyPair {
  readonly old: string | null;
  readonly now: string | null;
}

/** One request that shows it, in the words of `policyc explain` and of a test, with both decisions. */
export interface Witness extends WitnessRequest {
  readonly given: GivenState;
  /** `backend/model`; null = rejected. */
  readonly old: string | null;
  readonly now: string | null;
}

/** An effect, in names. */
export interface EffectFacts {
  readonly kind: EffectKind;
  /** `backend/model` of those that come or go. */
  readonly targets: readonly string[];
  /** The widest step: tiers, US dollars (null = unknown), tokens; 0 and 1 for fallback. */
  readonly from: number | null;
  readonly to: number | null;
}

/** Beyond this many classes that differ in their policies alone, they are told as one. */
const MOST_APART = 8;

interface Draft {
  readonly direction: Direction;
  readonly kind: EffectKind;
  readonly plain: boolean;
  readonly policies: Map<string, PolicyPair>;
  readonly effects: Map<EffectKind, { widest: Effect; targets: Set<number> }>;
  readonly names: Set<string>;
  readonly callers: Set<string>;
  readonly categories: Set<string>;
  readonly first: Map<string, readonly [number, number]>;
  size: number;
  recorded: number;
  best: { readonly plainness: string; readonly sample: Sample; readonly difference: RequestDifference; readonly effect: Effect } | null;
  /** Where it is no difference of decisions. */
  told: Witness | null;
}

/** Sorts differences of single requests into few classes: by direction, what governs them, and the gravest effect. */
export class Sorter {
  readonly #bench: Bench;
  readonly #renames: Renames;
  readonly #drafts = new Map<string, Draft>();
  #isRecorded = false;

  constructor(bench: Bench, renames: Renames) {
    this.#bench = bench;
    this.#renames = renames;
  }

  add(policies: PolicyPair, sample: Sample, difference: RequestDifference): void {
    for (const draft of this.#draftsOf(policies, difference)) {
      const { direction } = draft;
      draft.size++;
      draft.names.add(sample.name);
      const { key } = this.#bench.joint.callers[sample.caller];
      if (key !== null) draft.callers.add(key);
      if (sample.category !== null) draft.categories.add(sample.category);
      draft.first.set(`${difference.first.old} ${difference.first.now}`, [difference.first.old, difference.first.now]);
      const own = difference.effects.filter((effect) => effect.direction === direction);
      for (const effect of own) widen(draft, effect);
      const plainness = rankOf(sample, key);
      if (draft.best === null || plainness < draft.best.plainness)
        draft.best = { plainness, sample, difference, effect: own.find(({ kind }) => kind === draft.kind)! };
    }
  }

  /** A class that is no matter of decisions: a name or a caller that comes or goes. */
  tell(kind: EffectKind, direction: Direction, names: readonly string[], callers: readonly string[], witness: Witness): void {
    const draft = openDraft(direction, kind, true);
    draft.told = witness;
    draft.size = Math.max(names.length, callers.length);
    for (const name of names) draft.names.add(name);
    for (const caller of callers) draft.callers.add(caller);
    draft.effects.set(kind, { widest: { kind, direction }, targets: new Set() });
    this.#drafts.set(`${direction} ${kind} ${this.#drafts.size}`, draft);
  }

  /** From here on classes have a number of recorded requests, if it is none. */
  expectRecorded(): void {
    this.#isRecorded = true;
  }

  /** Counts recorded requests, whose difference is this, to their classes. */
  weigh(policies: PolicyPair, difference: RequestDifference, weight: number): void {
    for (const draft of this.#draftsOf(policies, difference)) draft.recorded += weight;
  }

  /** The gravest first. */
  classes(): DiffClass[] {
    const all = mergeMany([...this.#drafts.values()].filter(({ best, told }) => best !== null || told !== null));
    const rank = ({ direction, plain, kind }: Draft): number =>
      DIRECTIONS.indexOf(direction) * 100 + (plain ? 0 : 50) + EFFECTS.indexOf(kind);
    return all
      .sort((a, b) => rank(a) - rank(b) || b.size - a.size || compareText(nameOf(a), nameOf(b)))
      .map((draft) => this.#finish(draft));
  }

  #draftsOf(policies: PolicyPair, { effects, moved, priced }: RequestDifference): Draft[] {
    return DIRECTIONS.flatMap((direction) => {
      const own = effects.filter((effect) => effect.direction === direction);
      if (own.length === 0) return [];
      const kind = EFFECTS[Math.min(...own.map((effect) => EFFECTS.indexOf(effect.kind)))];
      const plain = moved || (priced && (kind === 'cost' || kind === 'output'));
      const old = policies.old === null ? null : (this.#renames.policies.get(policies.old) ?? policies.old);
      const key = `${direction} ${kind} ${plain} ${old} → ${policies.now}`;
      const draft = this.#drafts.get(key) ?? openDraft(direction, kind, plain);
      draft.policies.set(`${old} → ${policies.now}`, { old, now: policies.now });
      this.#drafts.set(key, draft);
      return [draft];
    });
  }

  #finish(draft: Draft): DiffClass {
    const name = (row: number): string | null => (row < 0 ? null : this.#bench.joint.targets[row].name);
    const { best, told } = draft;
    return {
      direction: draft.direction,
      kind: draft.kind,
      plain: draft.plain,
      policies: [...draft.policies.values()],
      effects: EFFECTS.flatMap((kind) => {
        const effect = draft.effects.get(kind);
        return effect ? [factsOf(kind, effect, (row) => name(row)!)] : [];
      }),
      names: [...draft.names].sort(compareText),
      callers: [...draft.callers].sort(compareText),
      categories: [...draft.categories].sort(compareText),
      first: [...draft.first.values()].map(([old, now]) => ({ old: name(old), now: name(now) })),
      size: draft.size,
      recorded: this.#isRecorded ? Math.round(draft.recorded) : null,
      witness: told ?? this.#witnessOf(best!),
    };
  }

  #witnessOf({ sample, difference, effect }: NonNullable<Draft['best']>): Witness {
    const { joint, probes, now } = this.#bench;
    const short = (given: GivenState): GivenState => nameState(given, now.side.targets);
    const name = (row: number | undefined): string | null => (row === undefined || row < 0 ? null : joint.targets[row].name);
    const request = writeWitness(sample, joint.callers[sample.caller].key);
    if (effect.probe !== undefined) {
      const { given } = probes[effect.probe];
      const out = effect.down?.map((row) => joint.targets[row].name) ?? [];
      const state = { ...given, ...(out.length > 0 ? { down: out } : {}) };
      return { ...request, given: short(state), old: name(effect.from), now: name(effect.to) };
    }
    if (effect.next && effect.down && effect.down.length > 0 && !difference.moved) {
      const given = short({ down: effect.down.map((row) => joint.targets[row].name) });
      return { ...request, given, old: name(effect.next.old), now: name(effect.next.now) };
    }
    const { down, moved } = difference;
    if (moved || down.length === 0) return { ...request, given: {}, old: name(difference.first.old), now: name(difference.first.now) };
    return {
      ...request,
      given: short({ down: down.map((row) => joint.targets[row].name) }),
      old: name(difference.next.old),
      now: name(difference.next.now),
    };
  }
}

function openDraft(direction: Direction, kind: EffectKind, plain: boolean): Draft {
  return {
    direction,
    kind,
    plain,
    policies: new Map(),
    effects: new Map(),
    names: new Set(),
    callers: new Set(),
    categories: new Set(),
    first: new Map(),
    size: 0,
    recorded: 0,
    best: null,
    told: null,
  };
}

function widen(draft: Draft, effect: Effect): void {
  const known = draft.effects.get(effect.kind);
  if (!known) {
    draft.effects.set(effect.kind, { widest: effect, targets: new Set(effect.targets) });
    return;
  }
  for (const row of effect.targets ?? []) known.targets.add(row);
  if (stepOf(effect) > stepOf(known.widest)) known.widest = effect;
}

const stepOf = ({ from, to }: Effect): number => {
  const step = Math.abs((to ?? 0) - (from ?? 0));
  return Number.isNaN(step) ? 0 : step;
};

/** Many classes that differ in nothing but the policies that govern them are one. */
function mergeMany(drafts: readonly Draft[]): Draft[] {
  const alike = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const key = `${draft.direction} ${draft.kind} ${draft.plain} ${draft.told !== null}`;
    alike.set(key, [...(alike.get(key) ?? []), draft]);
  }
  return [...alike.values()].flatMap((group) => (group.length > MOST_APART && group[0].told === null ? [merge(group)] : group));
}

function merge(group: readonly Draft[]): Draft {
  const all = openDraft(group[0].direction, group[0].kind, group[0].plain);
  for (const draft of group) {
    for (const [key, pair] of draft.policies) all.policies.set(key, pair);
    for (const [key, pair] of draft.first) all.first.set(key, pair);
    for (const name of draft.names) all.names.add(name);
    for (const caller of draft.callers) all.callers.add(caller);
    for (const category of draft.categories) all.categories.add(category);
    for (const { widest, targets } of draft.effects.values()) widen(all, { ...widest, targets: [...targets] });
    all.size += draft.size;
    all.recorded += draft.recorded;
    if (all.best === null || draft.best!.plainness < all.best.plainness) all.best = draft.best;
  }
  return all;
}

function factsOf(
  kind: EffectKind,
  { widest, targets }: { widest: Effect; targets: Set<number> },
  name: (row: number) => string,
): EffectFacts {
  const isTargets = kind === 'answer' || kind === 'first' || kind === 'state';
  const number = (value: number | undefined): number | null => {
    if (value === undefined || isTargets || !Number.isFinite(value)) return null;
    return kind === 'cost' ? value / 1e9 : value;
  };
  return { kind, targets: [...targets].map(name).sort(compareText), from: number(widest.from), to: number(widest.to) };
}

/** Sorts before all that is more to write down: hints, a key, capabilities, many tokens. */
function rankOf({ piece, flexible, required, maxOutputTokens, answers, endpoint, tokens, name }: Sample, key: string | null): string {
  const odd =
    Number(piece.category !== null) +
    Number(piece.class !== null) +
    Number(piece.text !== '') +
    Number(piece.tools > 0) +
    2 * Number(flexible) +
    CAPABILITIES.filter((_, bit) => required & (1 << bit)).length +
    Number(maxOutputTokens !== null) +
    Number(answers > 1) +
    Number(endpoint === 'embeddings') +
    Number(tokens > 2_000);
  return `${String(odd).padStart(2, '0')} ${String(tokens).padStart(10, '0')} ${name} ${key ?? ''}`;
}

const nameOf = ({ policies }: Draft): string => [...policies.keys()].join();

/** By code unit: the same on every machine. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
