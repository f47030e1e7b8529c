import type { Intent } from '../../schema/intent.ts';
import type { Live } from '../../schema/router.ts';
import type { Direction, Effect } from './effects.ts';
import type { Joint } from './joint.ts';
import { climb, type Rung } from './ladder.ts';
import type { Probe, ProbedState } from './probes.ts';
import type { Side } from './side.ts';

/** Both sides at rest, and what is needed to put a request to both of them. */
export interface Bench {
  readonly old: Stand;
  readonly now: Stand;
  readonly joint: Joint;
  readonly probes: readonly Probe[];
  /** What was done so far: rungs climbed. */
  readonly work: { rungs: number };
}

export interface Stand {
  readonly side: Side;
  readonly live: Live;
  /** By target row: the set that excludes it alone. */
  readonly without: readonly Int32Array[];
  /** By target row: row of the joint targets. */
  readonly rows: Int32Array;
  /** By model row: what tells the tokens of its requests apart. */
  readonly thresholds: Map<number, Thresholds>;
}

export interface Thresholds {
  /** The last number of tokens of each tier of a price. */
  readonly ends: readonly number[];
  readonly contexts: readonly number[];
  /** Pico-dollars a token. */
  readonly prices: readonly { readonly input: number; readonly output: number }[];
  /** The same, of those that charge for output. */
  readonly rates: readonly { readonly input: number; readonly output: number }[];
}

/** What changes for one request. */
export interface RequestDifference {
  readonly effects: readonly Effect[];
  /** The decision at rest is another one. */
  readonly moved: boolean;
  /** It costs something else, or may be answered at another length, where it goes at rest. */
  readonly priced: boolean;
  /** Joint rows of who comes first, -1 = rejected. */
  readonly first: { readonly old: number; readonly now: number };
  /** Joint rows of those who must be down for it to show; empty where it shows at rest. */
  readonly down: readonly number[];
  /** And who is next then. */
  readonly next: { readonly old: number; readonly now: number };
}

/** By joint row, in order. */
interface Reach {
  readonly rungs: readonly Rung[];
  readonly order: readonly number[];
  readonly dearest: { readonly cost: number; readonly at: number };
  readonly firstCost: number;
}

/** Compares everything that the two routers may do with a request, in any state; null = nothing changes. */
export function compareRequest(bench: Bench, before: Intent, after: Intent): RequestDifference | null {
  const old = reachOf(bench.old, before);
  const now = reachOf(bench.now, after);
  bench.work.rungs += old.rungs.length + now.rungs.length + 2;
  const effects = [...compareReach(bench, old, now), ...compareOutput(before, after, old, now)];
  const first = { old: old.order[0] ?? -1, now: now.order[0] ?? -1 };
  const moved = first.old !== first.now || differs(old.rungs[0], now.rungs[0]);
  if (effects.length === 0 && moved) effects.push({ kind: 'first', direction: 'moves', from: first.old, to: first.now });
  if (effects.length === 0 && divergence(old, now) !== null) effects.push({ kind: 'order', direction: 'moves' });
  if (effects.length === 0) effects.push(...compareStates(bench, before, after));
  if (effects.length === 0) return null;
  const priced = effects.some(({ kind }) => kind === 'output' || (kind === 'cost' && old.firstCost !== now.firstCost));
  const down = moved ? [] : (divergence(old, now) ?? []);
  return { effects, moved, priced, first, down, next: { old: old.order[down.length] ?? -1, now: now.order[down.length] ?? -1 } };
}

function reachOf({ side, live, without, rows }: Stand, intent: Intent): Reach {
  const rungs = climb(side.router, intent, live, (target) => without[target]);
  let dearest = { cost: 0, at: 0 };
  for (const [at, { target }] of rungs.entries()) {
    const cost = costOf(side, intent, target);
    if (cost > dearest.cost) dearest = { cost, at };
  }
  const firstCost = rungs.length > 0 ? costOf(side, intent, rungs[0].target) : 0;
  return { rungs, order: rungs.map(({ target }) => rows[target]), dearest, firstCost };
}

/** Nano-dollars; an unknown price is above all others. */
function costOf({ router }: Side, intent: Intent, target: number): number {
  const nano = router.estimate(intent, target);
  return Number.isNaN(nano) ? Number.POSITIVE_INFINITY : nano;
}

const differs = (a: Rung | undefined, b: Rung | undefined): boolean => a?.relaxed !== b?.relaxed || a?.link !== b?.link;

function compareReach({ old: { side: before }, now: { side: after }, joint }: Bench, old: Reach, now: Reach): Effect[] {
  const effects: Effect[] = [];
  const had = new Set(old.order);
  const has = new Set(now.order);
  const gained = now.order.filter((row) => !had.has(row));
  const lost = old.order.filter((row) => !has.has(row));
  const openBefore = old.order.some((row) => before.targets[joint.targets[row].old].zone === 'open');
  const openAfter = now.order.some((row) => after.targets[joint.targets[row].now].zone === 'open');
  const nowOpen = now.order.filter((row) => after.targets[joint.targets[row].now].zone === 'open');
  const wasOpen = old.order.filter((row) => before.targets[joint.targets[row].old].zone === 'open');
  if (openAfter && !openBefore) effects.push({ kind: 'cloud', direction: 'loosens', targets: nowOpen });
  if (openBefore && !openAfter) effects.push({ kind: 'cloud', direction: 'tightens', targets: wasOpen });
  if (had.size === 0 && has.size > 0) effects.push({ kind: 'answer', direction: 'loosens', to: now.order[0] });
  if (had.size > 0 && has.size === 0) effects.push({ kind: 'answer', direction: 'tightens', from: old.order[0] });
  if (gained.length > 0) effects.push({ kind: 'target', direction: 'loosens', targets: gained });
  if (lost.length > 0) effects.push({ kind: 'target', direction: 'tightens', targets: lost });
  if (had.size === 0 || has.size === 0) return effects;

  const compare = (kind: Effect['kind'], from: number, to: number): void => {
    if (from !== to) effects.push({ kind, direction: to > from ? 'loosens' : 'tightens', from, to });
  };
  compare('fallback', Number(old.rungs.some(({ link }) => link > 0)), Number(now.rungs.some(({ link }) => link > 0)));
  const tierOf = (side: Side, rungs: readonly Rung[]): number => Math.min(...rungs.map(({ target }) => side.targets[target].tier));
  const [tierBefore, tierAfter] = [tierOf(before, old.rungs), tierOf(after, now.rungs)];
  if (tierBefore !== tierAfter)
    effects.push({ kind: 'tier', direction: tierAfter < tierBefore ? 'loosens' : 'tightens', from: tierBefore, to: tierAfter });
  const relaxedBefore = new Map(old.rungs.map(({ relaxed }, at) => [old.order[at], relaxed]));
  const floors = new Set(
    now.rungs.flatMap(({ relaxed }, at): Direction[] => {
      const was = relaxedBefore.get(now.order[at]);
      if (was === undefined || was === relaxed) return [];
      // The index of a relaxation is a set: bit 0 the tier, bit 1 the quality.
      return (relaxed & ~was) !== 0 ? ['tightens'] : ['loosens'];
    }),
  );
  for (const direction of floors) effects.push({ kind: 'floor', direction });
  if (old.dearest.cost !== now.dearest.cost) {
    const direction = now.dearest.cost > old.dearest.cost ? 'loosens' : 'tightens';
    const { order, dearest } = direction === 'loosens' ? now : old;
    const down = order.slice(0, dearest.at);
    const next = { old: nextOf(old, down), now: nextOf(now, down) };
    effects.push({ kind: 'cost', direction, from: old.dearest.cost, to: now.dearest.cost, down, next });
  }
  if (old.dearest.cost === now.dearest.cost && old.order[0] === now.order[0]) compare('cost', old.firstCost, now.firstCost);
  return effects;
}

const nextOf = ({ order }: Reach, down: readonly number[]): number => order.find((row) => !down.includes(row)) ?? -1;

function compareOutput(before: Intent, after: Intent, old: Reach, now: Reach): Effect[] {
  if (before.outputCap === after.outputCap || old.order.length === 0 || now.order.length === 0) return [];
  const direction = after.outputCap > before.outputCap ? 'loosens' : 'tightens';
  return [{ kind: 'output', direction, from: before.outputCap, to: after.outputCap }];
}

/** The first state in which policies that agree at rest, and whoever fails, decide differently, with whoever else down. */
function compareStates({ old, now, joint, probes, work }: Bench, before: Intent, after: Intent): Effect[] {
  for (const [probe, states] of probes.entries()) {
    const was = orderIn(old, states.old, before);
    const is = orderIn(now, states.now, after);
    work.rungs += was.order.length + is.order.length + 2;
    const down = divergence(was, is);
    if (down === null) continue;
    const from = was.order[down.length] ?? -1;
    const to = is.order[down.length] ?? -1;
    const openBefore = from >= 0 && old.side.targets[joint.targets[from].old].zone === 'open';
    const openAfter = to >= 0 && now.side.targets[joint.targets[to].now].zone === 'open';
    return [{ kind: 'state', direction: directionOf(from, to, openBefore, openAfter), probe, down, from, to }];
  }
  return [];
}

function orderIn({ side, rows }: Stand, { live, without }: ProbedState, intent: Intent): Pick<Reach, 'rungs' | 'order'> {
  const rungs = climb(side.router, intent, live, (target) => without[target]);
  return { rungs, order: rungs.map(({ target }) => rows[target]) };
}

function directionOf(from: number, to: number, openBefore: boolean, openAfter: boolean): Direction {
  if (from < 0 || (openAfter && !openBefore)) return 'loosens';
  return to < 0 || (openBefore && !openAfter) ? 'tightens' : 'moves';
}

/** Everybody before the first place where the ladders part: with these down, the decisions differ. Null where they don't part. */
function divergence(old: Pick<Reach, 'rungs' | 'order'>, now: Pick<Reach, 'rungs' | 'order'>): number[] | null {
  const length = Math.max(old.order.length, now.order.length);
  for (let at = 0; at < length; at++)
    if (old.order[at] !== now.order[at] || differs(old.rungs[at], now.rungs[at])) return old.order.slice(0, at);
  return null;
}
