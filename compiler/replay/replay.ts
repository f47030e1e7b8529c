import { CODE } from '../../schema/decision.ts';
import type { DecisionLine, OrderLine } from '../../schema/decision-line.ts';
import type { Live } from '../../schema/router.ts';
import type { Direction, EffectKind } from '../diff/effects.ts';
import type { Side } from '../diff/side.ts';
import { askAgain, layAgain, restate } from './ask-again.ts';
import { readLine } from './read-line.ts';
import { layRecorded, reproduce } from './reproduce.ts';

/** What came of a log. Counts are of lines; `weight` is of requests, sampled ones for as many as they stand for. */
export interface ReplayReport {
  readonly lines: number;
  /** Made again by the router that made them. */
  readonly exact: { readonly decisions: number; readonly differences: readonly ExactDifference[]; readonly different: number };
  /** Of other routers, put to the policy. */
  readonly other: {
    readonly decisions: number;
    readonly same: number;
    /** Hashes of the routers that made them, with the number of their decisions. */
    readonly routers: Readonly<Record<string, number>>;
    readonly classes: readonly ReplayClass[];
  };
  /** Lines that could not be replayed, by why. */
  readonly skipped: Readonly<Record<SkipReason, number>>;
  /** The log ends within a line, as after a crash. */
  readonly truncated: boolean;
}

export const SKIP_REASONS = ['not a line of a decision log', 'its order is not in the log', 'no such caller in the policy'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A decision that its own router does not make again: the log, the artifact, or the router is not what it says. */
export interface ExactDifference {
  readonly request_id: string;
  readonly recorded: string;
  readonly got: string;
}

/** Recorded requests that another policy decides differently in the same way. */
export interface ReplayClass {
  readonly direction: Direction;
  readonly kind: EffectKind;
  readonly policies: { readonly old: string; readonly now: string | null };
  readonly decisions: number;
  /** Of requests: each line stands for 1 ÷ sample. */
  readonly weight: number;
  /** Where they went and would go, the most frequent first. */
  readonly moves: readonly { readonly old: string | null; readonly now: string | null; readonly decisions: number }[];
  /** Ids of the first requests. */
  readonly examples: readonly string[];
}

/** Orders that decisions may still come for; a log has them in turn, so older ones are done. */
const MOST_ORDERS = 256;
const MOST_DIFFERENCES = 20;
const MOST_EXAMPLES = 5;
const MOST_MOVES = 1_000;

interface Order {
  readonly line: OrderLine;
  /** By side: tables laid when first needed; null = the router ranks it differently. */
  readonly laid: Map<Side, Live | null>;
}

interface Draft extends Omit<ReplayClass, 'moves' | 'examples' | 'decisions' | 'weight'> {
  decisions: number;
  weight: number;
  readonly moves: Map<string, { old: string | null; now: string | null; decisions: number }>;
  readonly examples: string[];
}

/** Replays a log line by line: lines of a router that is at hand are reproduced, all others are put to the policy. */
export class Replay {
  readonly #routers: ReadonlyMap<string, Side>;
  readonly #policy: Side;
  readonly #orders = new Map<string, Order>();
  readonly #differences: ExactDifference[] = [];
  readonly #classes = new Map<string, Draft>();
  readonly #hashes = new Map<string, number>();
  readonly #skipped = new Map<SkipReason, number>();
  #lines = 0;
  #exact = 0;
  #different = 0;
  #other = 0;
  #same = 0;
  #truncated = false;

  /** @param policy what lines of other routers are put to; `routers` have hashes. */
  constructor(policy: Side, routers: readonly Side[]) {
    this.#policy = policy;
    this.#routers = new Map(routers.flatMap((side) => (side.hash === null ? [] : [[side.hash, side]])));
  }

  /** Takes the next line; `isCut` where the log ends before its line break, as after a crash. */
  take(text: string, isCut = false): void {
    this.#lines++;
    const line = readLine(text);
    if (line === null) {
      if (isCut) this.#truncated = true;
      else this.#skip('not a line of a decision log');
      return;
    }
    if (line.kind === 'order') this.#keep(line);
    else this.#replay(line);
  }

  report(): ReplayReport {
    return {
      lines: this.#lines,
      exact: { decisions: this.#exact, different: this.#different, differences: this.#differences },
      other: {
        decisions: this.#other,
        same: this.#same,
        routers: Object.fromEntries(this.#hashes),
        classes: [...this.#classes.values()]
          .sort((a, b) => b.decisions - a.decisions)
          .map(({ moves, weight, ...rest }) => ({
            ...rest,
            weight: Math.round(weight),
            moves: [...moves.values()].sort((a, b) => b.decisions - a.decisions),
          })),
      },
      skipped: Object.fromEntries(SKIP_REASONS.map((reason) => [reason, this.#skipped.get(reason) ?? 0])) as ReplayReport['skipped'],
      truncated: this.#truncated,
    };
  }

  #skip(reason: SkipReason): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  #keep(line: OrderLine): void {
    this.#orders.delete(line.order);
    if (this.#orders.size >= MOST_ORDERS) this.#orders.delete(this.#orders.keys().next().value!);
    this.#orders.set(line.order, { line, laid: new Map() });
  }

  #replay(line: DecisionLine): void {
    const order = this.#orders.get(line.order);
    if (!order) {
      this.#skip('its order is not in the log');
      return;
    }
    const own = this.#routers.get(line.router);
    if (own) this.#reproduce(own, line, order);
    if (!own || own !== this.#policy) this.#askAgain(line, order);
  }

  #reproduce(side: Side, line: DecisionLine, order: Order): void {
    this.#exact++;
    const live = this.#lay(side, order, layRecorded);
    const fits = live !== null && line.excluded.every((row) => row >= 0 && row < side.targets.length);
    const code = fits ? reproduce(side, line, live) : null;
    if (code === line.code) return;
    this.#different++;
    if (this.#differences.length >= MOST_DIFFERENCES) return;
    const got = code === null ? 'another order of the targets' : describeCode(side, code);
    this.#differences.push({ request_id: line.request_id, recorded: describeCode(side, line.code), got });
  }

  #askAgain(line: DecisionLine, order: Order): void {
    const side = this.#policy;
    const intent = askAgain(side, line);
    if (intent === 'unknown caller') {
      this.#skip('no such caller in the policy');
      return;
    }
    this.#other++;
    this.#hashes.set(line.router, (this.#hashes.get(line.router) ?? 0) + 1);
    if (intent === 'unknown model') {
      this.#sort(line, null, { direction: 'tightens', kind: 'name', now: null });
      return;
    }
    const live = this.#lay(side, order, layAgain)!;
    const excluded = restate(side, live, order.line, line);
    const code = side.router.decide(intent, live, side.router.exclude(live, excluded));
    const policy = side.policies[intent.policy];
    const now = code < 0 ? null : side.targets[code & CODE.TARGET];
    if ((now?.name ?? null) === line.target && code < 0 === line.code < 0) {
      this.#same++;
      return;
    }
    this.#sort(line, policy, { ...judge(line.target, line.zone === 'open', now), now: now?.name ?? null });
  }

  #lay(side: Side, order: Order, lay: (side: Side, line: OrderLine) => Live | null): Live | null {
    const known = order.laid.get(side);
    if (known !== undefined) return known;
    const live = lay(side, order.line);
    order.laid.set(side, live);
    return live;
  }

  #sort(line: DecisionLine, policy: string | null, found: { direction: Direction; kind: EffectKind; now: string | null }): void {
    const { direction, kind, now } = found;
    const key = `${direction} ${kind} ${line.policy} → ${policy}`;
    const draft: Draft = this.#classes.get(key) ?? {
      direction,
      kind,
      policies: { old: line.policy, now: policy },
      decisions: 0,
      weight: 0,
      moves: new Map(),
      examples: [],
    };
    this.#classes.set(key, draft);
    draft.decisions++;
    draft.weight += 1 / line.sample;
    if (draft.examples.length < MOST_EXAMPLES) draft.examples.push(line.request_id);
    const move = `${line.target} → ${now}`;
    const moved = draft.moves.get(move) ?? { old: line.target, now, decisions: 0 };
    if (draft.moves.size < MOST_MOVES) draft.moves.set(move, moved);
    moved.decisions++;
  }
}

/** A decision alone tells less than two policies do: where it went, and where it would go. */
function judge(was: string | null, wasOpen: boolean, now: Side['targets'][number] | null): { direction: Direction; kind: EffectKind } {
  if (now === null) return { direction: 'tightens', kind: 'answer' };
  if (now.zone === 'open' && !wasOpen) return { direction: 'loosens', kind: 'cloud' };
  if (was === null) return { direction: 'loosens', kind: 'answer' };
  if (wasOpen && now.zone !== 'open') return { direction: 'tightens', kind: 'cloud' };
  return { direction: 'moves', kind: 'first' };
}

function describeCode({ targets }: Side, code: number): string {
  if (code < 0) return 'reject';
  const queue = (code & (CODE.LOADING | CODE.FULL)) !== 0 ? 'queue for ' : '';
  const relaxed = (code >> CODE.RELAXED_SHIFT) & CODE.RELAXED;
  const link = (code >> CODE.LINK_SHIFT) & CODE.LINK;
  return `${queue}${targets[code & CODE.TARGET]?.name ?? `target ${code & CODE.TARGET}`}, floors relaxed ${relaxed}, link ${link}`;
}
