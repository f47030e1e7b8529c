import type { DecisionLine, IntentCoordinates, OrderLine } from '../../schema/decision-line.ts';
import type { Intent } from '../../schema/intent.ts';
import type { RequestBody, RequestHints, TokenCount } from '../../schema/request.ts';
import type { Live } from '../../schema/router.ts';
import { UNMEASURED } from '../../schema/snapshot.ts';
import type { Side } from '../diff/side.ts';
import { coordinatesOf } from './read-line.ts';
import { snapshotOf } from './reproduce.ts';

/** Why a recorded request cannot be put to another policy. */
export type Unasked = 'unknown model' | 'unknown caller';

/**
 * The intent of a recorded request in a policy that did not decide it. Its text is not recorded: category and class are those of the
 * record where the policy has them, and follow from its tokens alone where not. A cap that was lowered is taken as it was lowered to.
 */
export function askAgain(side: Side, line: DecisionLine): Intent | Unasked {
  const caller = findCaller(side, line.caller);
  if (caller === null) return 'unknown caller';
  const was = coordinatesOf(line);
  const known = (names: readonly string[], name: string | null): string | null => (name !== null && names.includes(name) ? name : null);
  const body: RequestBody = {
    endpoint: line.endpoint,
    model: line.model,
    maxOutputTokens: line.endpoint === 'embeddings' || was.capSource === 2 ? null : was.outputCap,
    answers: was.answers,
    tools: was.tools,
    images: was.images,
    required: was.required,
    text: () => '',
  };
  const hints: RequestHints = {
    strict: false,
    flexible: was.flexible === 1,
    category: known(side.categories, line.category),
    class: known(side.classes, line.class),
  };
  const intent = side.router.analyze(body, hints, caller, countOf(was));
  return intent.problem === 0 ? intent : 'unknown model';
}

/** Without keys everybody is the one caller there is. */
function findCaller({ callers }: Side, name: string | null): number | null {
  if (callers.length === 0) return 0;
  const row = callers.findIndex((caller) => caller.name === name);
  return row < 0 ? null : row;
}

function countOf({ inputLow: low, inputHigh: high }: IntentCoordinates): TokenCount {
  return { low, high, atLeast: () => low, exact: () => high };
}

/** The tables of this policy for a recorded order: by names, what it does not know is left out, and what is new is unmeasured. */
export function layAgain(side: Side, order: OrderLine): Live {
  const { targets, budgets, epoch } = { ...snapshotOf(order), epoch: order.epoch };
  const measured = new Map(order.targets.map((name, row) => [name, targets[row]]));
  const charged = new Map(order.budgets.map((name, row) => [name, budgets[row]]));
  return side.router.lay(
    side.router.rank({
      epoch,
      targets: side.targets.map(({ name }) => measured.get(name) ?? UNMEASURED),
      budgets: side.budgets.map((name) => charged.get(name) ?? 0),
    }),
  );
}

/** Brings those words to the state of a recorded decision; the targets that it was sent to before, as rows of this policy. */
export function restate(side: Side, live: Live, order: OrderLine, line: DecisionLine): number[] {
  const states = new Map(order.targets.map((name, row) => [name, Number(line.state[row] ?? 0)]));
  const charged = new Map(order.budgets.map((name, row) => [name, Number(line.budgets[row] ?? 0)]));
  side.targets.forEach(({ name }, row) => {
    const bits = states.get(name) ?? 0;
    if (live.state[row] !== bits) side.router.mark(live, row, bits);
  });
  side.budgets.forEach((name, row) => {
    const status = charged.get(name) ?? 0;
    if (live.budgets[row] !== status) side.router.charge(live, row, status);
  });
  const tried = new Set(line.excluded.map((row) => order.targets[row]));
  return side.targets.flatMap(({ name }, row) => (tried.has(name) ? [row] : []));
}
