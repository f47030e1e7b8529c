import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import type { OllamaChatRequest } from './wire.ts';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

/** Levels of the models that have any; they can't be told not to think. */
const LEVELS: Readonly<Record<Effort, 'low' | 'medium' | 'high'>> = {
  none: 'low',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/**
 * `think`, from `reasoning_effort`: levels where the model has them, else whether it thinks at all, since a level is refused there.
 * Source: https://docs.ollama.com/capabilities/thinking
 */
export function writeThink(body: ChatBody, model: string, notes: RequestNotes): OllamaChatRequest['think'] {
  const effort = body.reasoning_effort;
  if (effort === undefined || effort === null) return undefined;
  if (typeof effort !== 'string' || !EFFORTS.includes(effort as Effort)) {
    notes.refuse(
      'reasoning_effort',
      `\`reasoning_effort\` is of no known value; help: use one of ${EFFORTS.map((name) => `\`${name}\``).join(', ')}`,
    );
    return undefined;
  }
  if (/(?:^|\/)gpt-oss(?:[:-]|$)/.test(model)) {
    const level = LEVELS[effort as Effort];
    if (level !== effort) notes.warn(`reasoning-effort-changed=${level}`);
    return level;
  }
  if (effort !== 'none') notes.warn('reasoning-effort-changed=on');
  return effort !== 'none';
}
