import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { ParameterReader } from '../parameter-reader.ts';

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
/** Budgets in tokens from which an effort is meant: what dialects that know budgets give for it. */
const MEDIUM = 2048;
const HIGH = 4096;

/**
 * `thinking` and `output_config.effort` as `reasoning_effort`. Models differ in whether they are given a budget or an effort; the word
 * that all understand is an effort. A budget never becomes more than `high`, the most that every server knows.
 * Sources: https://platform.claude.com/docs/en/build-with-claude/extended-thinking, …/adaptive-thinking, …/effort
 */
export function readThinking(body: JsonObject, notes: RequestNotes): JsonObject {
  const effort = readEffort(body, notes);
  const { thinking } = body;
  if (thinking === undefined || thinking === null) return effort === undefined ? {} : { reasoning_effort: effort };
  if (!isJsonObject(thinking)) {
    notes.refuse('thinking', '`thinking` is no object');
    return {};
  }
  if (thinking.display === 'omitted') notes.warn('thinking-display-ignored');
  switch (thinking.type) {
    case 'disabled':
      return { reasoning_effort: 'none' };
    case 'adaptive':
      return { reasoning_effort: effort ?? 'high' };
    case 'between_tools':
      notes.warn('thinking-between-tools-ignored');
      return { reasoning_effort: effort ?? 'low' };
    case 'enabled':
      return { reasoning_effort: effort ?? readBudgetAsEffort(thinking, notes) };
  }
  notes.refuse('thinking', '`thinking.type` is of no known value; help: use `enabled`, `adaptive` or `disabled`');
  return {};
}

/** Tokens to think with; null where no number of them is asked for. */
export function readBudget({ thinking }: JsonObject): number | null {
  return isJsonObject(thinking) && thinking.type === 'enabled' && typeof thinking.budget_tokens === 'number'
    ? thinking.budget_tokens
    : null;
}

function readEffort(body: JsonObject, notes: RequestNotes): string | undefined {
  const config = new ParameterReader(body, notes).object('output_config');
  const effort = config?.effort ?? undefined;
  if (effort === undefined || EFFORTS.includes(effort as (typeof EFFORTS)[number])) return effort as string | undefined;
  notes.refuse('output_config', `\`output_config.effort\` is none of ${EFFORTS.map((name) => `\`${name}\``).join(', ')}`);
  return undefined;
}

function readBudgetAsEffort(thinking: JsonObject, notes: RequestNotes): string {
  const budget = new ParameterReader(thinking, notes, 'thinking.').integer('budget_tokens', 1024);
  if (budget === undefined && thinking.budget_tokens === undefined) notes.refuse('thinking', '`thinking.budget_tokens` is missing');
  const effort = budget === undefined || budget < MEDIUM ? 'low' : budget < HIGH ? 'medium' : 'high';
  notes.warn(`thinking-budget-as-effort=${effort}`);
  return effort;
}
