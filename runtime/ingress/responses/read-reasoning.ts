import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { ParameterReader } from '../parameter-reader.ts';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** `reasoning.effort`. A summary is given wherever a server tells its thoughts. Source: https://platform.openai.com/docs/guides/reasoning */
export function readReasoning(body: JsonObject, notes: RequestNotes): JsonObject {
  const reasoning = new ParameterReader(body, notes).object('reasoning');
  if (reasoning === undefined) return {};
  if (typeof reasoning.mode === 'string' && reasoning.mode !== 'standard') notes.warn('reasoning-mode-ignored');
  if (reasoning.context === 'current_turn' || reasoning.context === 'all_turns') notes.warn('reasoning-context-ignored');
  const effort = reasoning.effort ?? undefined;
  if (effort === undefined) return {};
  if (typeof effort === 'string' && EFFORTS.includes(effort)) return { reasoning_effort: effort };
  notes.refuse('reasoning', `\`reasoning.effort\` is none of ${EFFORTS.map((name) => `\`${name}\``).join(', ')}`);
  return {};
}
