import type { ChatBody } from '../translate/translator.ts';
import { readGeminiVersion } from './gemini-version.ts';
import { isJsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';

type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
type Level = 'minimal' | 'low' | 'medium' | 'high';

/** https://ai.google.dev/gemini-api/docs/openai#thinking: levels of Gemini 3 and later, tokens of Gemini 2.5. */
const LEVELS: Readonly<Record<Effort, Level>> = {
  none: 'minimal',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};
/** The least that Gemini 2.5 Pro thinks; it can't be told not to. */
const LEAST_OF_PRO = 128;

/**
 * `thinkingConfig`, by level or by budget and never both; undefined where nothing is asked for. Thoughts are asked for whenever thinking is,
 * so that they can be told as `reasoning_content`.
 */
export function writeThinking(body: ChatBody, model: string, notes: RequestNotes): object | undefined {
  const own = readOwnConfig(body, notes);
  const effort = body.reasoning_effort;
  if (effort === undefined || effort === null) return own;
  if (own) {
    notes.refuse('reasoning_effort', 'both `reasoning_effort` and `extra_body.google.thinking_config` are given; help: keep one of them');
    return undefined;
  }
  if (typeof effort !== 'string' || !Object.hasOwn(LEVELS, effort)) {
    notes.refuse('reasoning_effort', `\`reasoning_effort\` is none of ${Object.keys(LEVELS).join(', ')}`);
    return undefined;
  }
  const { version, isPro } = readGeminiVersion(model);
  if (version >= 3) return writeLevel(effort as Effort, version, isPro, notes);
  if (version >= 2.5) return writeBudget(effort as Effort, isPro, notes);
  if (effort !== 'none') notes.warn('reasoning-effort-ignored');
  return undefined;
}

function writeLevel(effort: Effort, version: number, isPro: boolean, notes: RequestNotes): object {
  let level = LEVELS[effort];
  if (isPro && level === 'minimal') level = 'low';
  // The first Pro of the third generation knows two levels only.
  if (isPro && version === 3 && level === 'medium') level = 'high';
  if (level !== effort) notes.warn(`reasoning-effort-changed=${level}`);
  return { thinkingLevel: level, ...(effort === 'none' ? {} : { includeThoughts: true }) };
}

function writeBudget(effort: Effort, isPro: boolean, notes: RequestNotes): object {
  if (effort === 'none') {
    if (!isPro) return { thinkingBudget: 0 };
    notes.warn('reasoning-effort-changed=minimal');
    return { thinkingBudget: LEAST_OF_PRO };
  }
  if (effort === 'xhigh' || effort === 'max') notes.warn('reasoning-effort-changed=high');
  return { thinkingBudget: BUDGETS[effort], includeThoughts: true };
}

/** `extra_body.google.thinking_config`, which is how OpenAI clients speak to Google's own compatible endpoint. */
function readOwnConfig(body: ChatBody, notes: RequestNotes): object | undefined {
  const google = isJsonObject(body.extra_body) ? body.extra_body.google : undefined;
  const config = isJsonObject(google) ? google.thinking_config : undefined;
  if (!isJsonObject(config)) return undefined;
  if (config.thinking_level !== undefined && config.thinking_budget !== undefined) {
    notes.refuse('extra_body', '`thinking_level` and `thinking_budget` exclude each other; help: keep one of them');
  }
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (name === 'thinking_level') written.thinkingLevel = value;
    else if (name === 'thinking_budget') written.thinkingBudget = value;
    else if (name === 'include_thoughts') written.includeThoughts = value;
    else notes.warn('extra-body-ignored');
  }
  return written;
}
