import type { GivenState } from '../../../schema/invariant.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';
import { orderTargets } from '../../interpret/interpret.ts';
import { type Asking, floorOf, hasMeasuredFloor, type Link } from './reach.ts';

/** Under a given state, what may stand in the way of a target, or always does. */
export interface Outlook {
  readonly set: PolicySet;
  readonly asking: Asking;
  readonly given: GivenState;
  readonly links: readonly Link[];
  /** Does every request of the kind fit this target, whatever its amounts? */
  isSure(target: number): boolean;
}

/**
 * May the target be chosen in the given state? Where it is left open who is down, or who is full, nothing else need be in service, and what
 * admits the target decides. Where both are given, it must come before all that are surely there: a competitor that amounts or budgets may
 * take away is not counted, so that `false` is always right; whether `true` is, a witness shows.
 */
export function mayChoose(outlook: Outlook, target: number): { readonly route: boolean; readonly queue: boolean } {
  const { given, links } = outlook;
  const isOpen = given.down === null || given.full === null;
  const isUp = given.down?.includes(target) !== true;
  const full = given.full?.includes(target) === true;
  const isChosen =
    isUp &&
    (isOpen
      ? links.some(({ model, targets }) => targets.includes(target) && !isBlocked(outlook, model, target, 'by what is given'))
      : mayBeFirst(outlook, target));
  return { route: isChosen && !full, queue: isChosen };
}

/** May a request of the kind be rejected in the given state? Pessimistic: only targets that nothing can take away count. */
export function mayReject(outlook: Outlook): boolean {
  const { set, asking, given, links } = outlook;
  if (given.down === null) return true;
  const { situation } = asking;
  return links.every(({ model, targets }) => {
    const left = targets.filter(
      (row) => !given.down!.includes(row) && outlook.isSure(row) && !isBlocked(outlook, model, row, 'by what may be'),
    );
    return canBeEmpty(
      outlook,
      model,
      left.filter((row) => set.targets[row].tier >= set.policies[situation.policy].minTier),
    );
  });
}

/** Does a budget at its hard limit keep the request from the target: one that is given so, or one that may be so? */
function isBlocked({ set, asking, given }: Outlook, model: number, target: number, how: 'by what is given' | 'by what may be'): boolean {
  const { backend } = set.targets[target];
  return set.budgets.some(({ scope, hardLimitAction }, row) => {
    const status = given.budgets === null ? (how === 'by what may be' ? 'HardLimit' : 'Normal') : given.budgets[row];
    if (status !== 'HardLimit' || hardLimitAction === 'warn') return false;
    if (hardLimitAction === 'block_cloud' && !set.backends[backend].cloud) return false;
    return (scope.backend === null || scope.backend === backend) && isInScope(set, row, model, asking);
  });
}

function isInScope(set: PolicySet, row: number, model: number, { situation, class: taskClass }: Asking): boolean {
  const { scope } = set.budgets[row];
  const { caller, category } = situation;
  return (
    (scope.category ?? category) === category &&
    (scope.class ?? taskClass) === taskClass &&
    (scope.key ?? caller) === caller &&
    (scope.team === null || scope.team === set.callers[caller].team) &&
    (scope.model ?? model) === model
  );
}

/** Both who is down and who is full are given: may it be the first in the order that decides? */
function mayBeFirst(outlook: Outlook, target: number): boolean {
  const { given, links } = outlook;
  const there = (model: number, row: number): boolean =>
    !given.down!.includes(row) && outlook.isSure(row) && !isBlocked(outlook, model, row, 'by what may be');
  const ready = (model: number, row: number): boolean => there(model, row) && !given.full!.includes(row);
  const waits = given.full!.includes(target);
  // One that is full is waited for only where no link has a target that is not.
  if (
    waits &&
    !links.every(({ model, targets }) =>
      canBeEmpty(
        outlook,
        model,
        targets.filter((row) => ready(model, row)),
      ),
    )
  )
    return false;
  for (const { model, targets } of links) {
    const rivals = targets.filter((row) => row !== target && (waits ? there(model, row) : ready(model, row)));
    const isAdmitted = targets.includes(target) && !isBlocked(outlook, model, target, 'by what is given');
    if (isAdmitted && winsAmong(outlook, model, rivals, target)) return true;
    if (!canBeEmpty(outlook, model, rivals)) return false;
  }
  return false;
}

/** Floors that may be relaxed empty no link. */
function canBeEmpty({ set, asking }: Outlook, model: number, there: readonly number[]): boolean {
  if (!set.categories[asking.situation.category].strict) return there.length === 0;
  return hasMeasuredFloor(set, asking.situation) || there.every((row) => !meetsFloor(set, asking, model, row));
}

const meetsFloor = (set: PolicySet, { situation }: Asking, model: number, row: number): boolean =>
  set.targets[row].quality >= floorOf(set, situation.category, model);

/** Against these rivals, with whatever is measured: the levels of relaxation in turn, as far as the rivals let them come. */
function winsAmong({ set, asking, given }: Outlook, model: number, rivals: readonly number[], target: number): boolean {
  const { situation } = asking;
  const { minTier } = set.policies[situation.policy];
  const { objective, strict } = set.categories[situation.category];
  const measured = hasMeasuredFloor(set, situation);
  const tierHolds = (row: number): boolean => set.targets[row].tier >= minTier;
  const floorHolds = (row: number): boolean => meetsFloor(set, asking, model, row);
  const isFirst = (among: readonly number[], by: typeof objective): boolean => mayComeFirst(set, asking, given, among, target, by);
  const levels: readonly (readonly [holds: (row: number) => boolean, by: typeof objective, relaxesQuality: boolean])[] = [
    [(row) => tierHolds(row) && floorHolds(row), objective, false],
    [floorHolds, objective, false],
    ...(strict
      ? []
      : ([
          [tierHolds, 'cost', true],
          [() => true, 'cost', true],
        ] as const)),
  ];
  for (const [holds, by, relaxesQuality] of levels) {
    const others = rivals.filter(holds);
    // What is measured can take away every rival where a floor looks at it.
    if (holds(target)) return (measured && !relaxesQuality) || isFirst([...others, target], by);
    if (others.length > 0 && !(measured && !relaxesQuality)) return false;
  }
  return false;
}

/** In the order of an objective, at the soft limit or not, where that is open; measurements as good for it and as bad for the others as can be. */
function mayComeFirst(
  set: PolicySet,
  { situation }: Asking,
  given: GivenState,
  among: readonly number[],
  target: number,
  by: 'cost' | 'quality' | 'balanced',
): boolean {
  const state = {
    epoch: 1,
    targets: set.targets.map((_, row) =>
      row === target ? { ...UNMEASURED, latency_ema_ms: 1 } : { ...UNMEASURED, latency_ema_ms: 1e9, load: 1 },
    ),
    budgets: set.budgets.map(() => 0),
  };
  const softs = given.budgets === null ? [false, true] : [given.budgets.some((status) => status !== 'Normal'), false];
  return softs.some(
    (soft) =>
      orderTargets(
        set,
        situation.category,
        by,
        soft,
        state,
        [...among].sort((a, b) => a - b),
      )[0] === target,
  );
}
