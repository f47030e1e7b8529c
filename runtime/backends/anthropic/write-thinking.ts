import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import type { ModelTraits } from './model-traits.ts';
import type { ToolChoice, Turn } from './wire.ts';

/** Least budget that the API takes. */
const LEAST = 1024;

/** Tokens to think with, for models that are given a budget. */
const BUDGETS = { minimal: 1024, low: 1024, medium: 2048, high: 4096, xhigh: 8192, max: 16_384 } as const;
type Effort = keyof typeof BUDGETS;

/** Effort, for models that find their own budget. */
const EFFORTS = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'xhigh', max: 'max' } as const satisfies Record<
  Effort,
  string
>;

export interface Thinking {
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

/**
 * How much the model may think: `reasoning_effort`, or Anthropic's own `thinking` where a caller sends it.
 * Sources: https://platform.claude.com/docs/en/build-with-claude/extended-thinking, …/adaptive-thinking, …/effort
 */
export function writeThinking(
  body: ChatBody,
  traits: ModelTraits,
  maxTokens: number,
  choice: ToolChoice | undefined,
  turns: readonly Turn[],
  notes: RequestNotes,
): Thinking {
  const asked = writeEffort(body, traits, maxTokens, notes);
  const type = asked.thinking?.type;
  if (type !== 'enabled' && type !== 'adaptive') return asked;
  const isForced = choice?.type === 'any' || choice?.type === 'tool';
  if (isForced || (type === 'enabled' && !hasItsThoughts(turns))) {
    notes.warn(isForced ? 'thinking-off=tool-choice' : 'thinking-off=lost-thoughts');
    return type === 'enabled' ? {} : { effort: asked.effort };
  }
  return asked;
}

function writeEffort(body: ChatBody, traits: ModelTraits, maxTokens: number, notes: RequestNotes): Thinking {
  if (isJsonObject(body.thinking)) return { thinking: body.thinking };
  if (body.thinking !== undefined && body.thinking !== null) notes.refuse('thinking', '`thinking` is no object');
  const effort = body.reasoning_effort;
  if (effort === undefined || effort === null) return {};
  if (effort === 'none') return writeNone(traits, notes);
  if (typeof effort !== 'string' || !Object.hasOwn(BUDGETS, effort)) {
    const known = ['none', ...Object.keys(BUDGETS)].map((name) => `\`${name}\``).join(', ');
    notes.refuse('reasoning_effort', `\`reasoning_effort\` is of no known value; help: use one of ${known}`);
    return {};
  }
  if (traits.thinking === 'adaptive') {
    if (effort === 'xhigh' && !traits.hasXhigh) notes.warn('reasoning-effort-lowered=high');
    return { thinking: { type: 'adaptive' }, effort: effort === 'xhigh' && !traits.hasXhigh ? 'high' : EFFORTS[effort as Effort] };
  }
  const budget = Math.min(BUDGETS[effort as Effort], maxTokens - 1);
  if (traits.thinking === 'none' || budget < LEAST) {
    notes.warn('reasoning-effort-ignored');
    return {};
  }
  if (budget < BUDGETS[effort as Effort]) notes.warn(`reasoning-budget-lowered=${budget}`);
  return { thinking: { type: 'enabled', budget_tokens: budget } };
}

function writeNone(traits: ModelTraits, notes: RequestNotes): Thinking {
  if (traits.thinkingOff === 'disable') return { thinking: { type: 'disabled' } };
  if (traits.thinkingOff === 'never') notes.warn('reasoning-effort-none-ignored');
  return {};
}

/**
 * With a budget, an assistant's turn whose tool results come last has to begin with a thought. One that came through a client which lost
 * it, or from another model, has none: the API would refuse it.
 */
function hasItsThoughts(turns: readonly Turn[]): boolean {
  const [before, last] = turns.slice(-2);
  if (before?.role !== 'assistant' || last?.content[0]?.type !== 'tool_result') return true;
  const first = before.content[0]?.type;
  return first === 'thinking' || first === 'redacted_thinking';
}
