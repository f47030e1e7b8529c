import {
  DECISION_LINE_FORMAT,
  type DecisionLine,
  type IntentCoordinates,
  INTENT_COORDINATES,
  type OrderLine,
} from '../../schema/decision-line.ts';

/** A line of a decision log; null where it is none: cut short, of another format, or something else. */
export function readLine(text: string): DecisionLine | OrderLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const line = value as Partial<DecisionLine | OrderLine>;
  if (line.format !== DECISION_LINE_FORMAT || typeof line.router !== 'string' || typeof line.order !== 'string') return null;
  if (line.kind === 'order') return isOrder(line as Partial<OrderLine>) ? (line as OrderLine) : null;
  return line.kind === 'decision' && isDecision(line as Partial<DecisionLine>) ? (line as DecisionLine) : null;
}

const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every((entry) => typeof entry === 'number');
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((entry) => typeof entry === 'string');

function isOrder({ epoch, permutation, targets, budgets, measured, charged }: Partial<OrderLine>): boolean {
  return (
    Number.isInteger(epoch) &&
    isNumbers(permutation) &&
    isTexts(targets) &&
    isTexts(budgets) &&
    isNumbers(charged) &&
    Array.isArray(measured) &&
    measured.length === targets!.length &&
    measured.every((metrics) => metrics !== null && typeof metrics === 'object') &&
    charged!.length === budgets!.length
  );
}

function isDecision({ request_id, model, intent, state, budgets, excluded, code, sample }: Partial<DecisionLine>): boolean {
  const digits = (text: unknown): boolean => typeof text === 'string' && /^\d*$/.test(text);
  return (
    typeof request_id === 'string' &&
    typeof model === 'string' &&
    Array.isArray(intent) &&
    intent.length === INTENT_COORDINATES.length &&
    intent.every((value) => value === null || typeof value === 'number') &&
    digits(state) &&
    digits(budgets) &&
    isNumbers(excluded) &&
    Number.isInteger(code) &&
    typeof sample === 'number' &&
    sample > 0
  );
}

/** The coordinates of a line's intent by name; no cost cap is Infinity. */
export function coordinatesOf({ intent }: DecisionLine): IntentCoordinates {
  return Object.fromEntries(INTENT_COORDINATES.map((name, at) => [name, intent[at] ?? Number.POSITIVE_INFINITY])) as IntentCoordinates;
}
