import type { SelfTestVector } from '../../schema/manifest.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import { TARGET_STATE } from '../../schema/snapshot.ts';
import { STAGES } from '../../schema/vocabulary.ts';
import { analyzeRequest, judge } from '../interpret/interpret.ts';
import type { Cell } from './cells.ts';
import { restState } from './states.ts';

/** Cells that are asked in any state, and those that are searched for a target that privacy alone keeps away. */
const ANY = 64;
const SEARCHED = 512;

/**
 * Requests with states and the codes they must give: the oracle's, so that a loader checks meaning and not only bytes. For every
 * target that privacy alone can keep away there is one with nothing else up: a table that let it in would give another code.
 */
export function makeSelfTest(set: PolicySet, cells: readonly Cell[], random: () => number): SelfTestVector[] {
  const anyState = (): number[] => set.targets.map(() => (random() < 0.2 ? Math.floor(random() * 5) : 0));
  return [
    ...spread(cells, ANY).flatMap((cell) => makeVector(set, cell, anyState())),
    ...[...findKeptInside(set, spread(cells, SEARCHED))].flatMap(([target, cell]) =>
      makeVector(
        set,
        cell,
        set.targets.map((_, row) => (row === target ? 0 : TARGET_STATE.DOWN)),
      ),
    ),
  ];
}

function makeVector(set: PolicySet, cell: Cell, state: readonly number[]): SelfTestVector[] {
  const asked = analyzeRequest(set, { body: cell.body, hints: cell.hints, caller: cell.caller, tokens: cell.tokens });
  if (asked.problem !== 'none') return [];
  const rest = restState(set);
  const targets = rest.targets.map((target, row) => ({ ...target, state: state[row]! }));
  const { code } = judge(set, asked, { ...rest, targets }, new Set());
  const { endpoint, model, maxOutputTokens, answers, tools, required } = cell.body;
  const body = { endpoint, model, maxOutputTokens, answers, tools, required, text: cell.body.text() };
  return [{ body, hints: cell.hints, caller: cell.caller, tokens: cell.tokens, state, code }];
}

/** By target row: a cell where no stage but privacy takes it out. */
function findKeptInside(set: PolicySet, cells: readonly Cell[]): ReadonlyMap<number, Cell> {
  const found = new Map<number, Cell>();
  const rest = restState(set);
  for (const cell of cells) {
    if (set.policies[cell.asked.policy]?.privacy !== 'restricted') continue;
    const [link] = judge(set, cell.asked, rest, new Set()).links;
    for (const target of link?.candidates ?? []) {
      const alone = STAGES.every((stage) => link!.stageExcludes[stage].has(target) === (stage === 'PrivacyReconciler'));
      if (alone && !found.has(target)) found.set(target, cell);
    }
  }
  return found;
}

const spread = <T>(rows: readonly T[], most: number): readonly T[] =>
  rows.length <= most ? rows : Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
