import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import type { ModelTraits } from './model-traits.ts';
import type { MessagesRequest } from './wire.ts';

type Sampling = Pick<MessagesRequest, 'temperature' | 'top_p' | 'top_k'>;

/** Least `top_p` beside a budget to think with. */
const LEAST_THINKING_TOP_P = 0.95;

/**
 * temperature (0..2 there, 0..1 here), top_p and top_k, as far as the model takes them.
 * Source: https://platform.claude.com/docs/en/api/messages, …/build-with-claude/extended-thinking#feature-compatibility
 */
export function writeSampling(body: ChatBody, traits: ModelTraits, isThinking: boolean, notes: RequestNotes): Sampling {
  const temperature = readNumber(body, 'temperature', 2, notes);
  const topP = readNumber(body, 'top_p', 1, notes);
  const topK = readNumber(body, 'top_k', Number.POSITIVE_INFINITY, notes);
  const sampling: { -readonly [K in keyof Sampling]: Sampling[K] } = {};
  if (temperature !== null) {
    if ((!traits.takesSampling || isThinking) && temperature !== 1) notes.warn('temperature-ignored');
    else if (traits.takesSampling && !isThinking) {
      if (temperature > 1) notes.warn('temperature-clamped=1');
      sampling.temperature = Math.min(1, temperature);
    }
  }
  if (topP !== null && topP !== 1) {
    const isRefused = !traits.takesSampling || (sampling.temperature !== undefined && !traits.takesBothSamplings);
    if (isRefused || (isThinking && topP < LEAST_THINKING_TOP_P)) notes.warn('top-p-ignored');
    else sampling.top_p = topP;
  }
  if (topK !== null) {
    if (traits.takesSampling && !isThinking) sampling.top_k = topK;
    else notes.warn('top-k-ignored');
  }
  return sampling;
}

function readNumber(body: ChatBody, name: string, most: number, notes: RequestNotes): number | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  notes.refuse(name, `\`${name}\` is no number from 0 to ${most === Number.POSITIVE_INFINITY ? 'any' : most}`);
  return null;
}
