import { type DecisionLine, type IntentCoordinates, INTENT_COORDINATES } from '../../schema/decision-line.ts';
import type { Intent } from '../../schema/intent.ts';

/** The line that `writeDecisionLine` made. */
export function readDecision(line: string): DecisionLine {
  return JSON.parse(line) as DecisionLine;
}

/** Coordinates of its intent by name; no cost cap is Infinity. */
export function coordinatesOf({ intent }: DecisionLine): IntentCoordinates {
  return Object.fromEntries(INTENT_COORDINATES.map((name, at) => [name, intent[at] ?? Number.POSITIVE_INFINITY])) as IntentCoordinates;
}

/** Its intent for the router that decided, bound to no link: `decide` finds the model and the offsets. */
export function intentOf(line: DecisionLine): Intent {
  return { ...coordinatesOf(line), link: -1, model: -1, problem: 0, at: {} };
}

/** Values that a line holds as digits, by row; rows beyond are 0. */
export function digitsOf(digits: string): Uint8Array {
  return Uint8Array.from(digits, Number);
}
