/** What a Claude model takes and what it refuses, as far as a translation depends on it. */
export interface ModelTraits {
  /** Most output tokens; `max_tokens` where nobody gives one, since the API demands one. */
  readonly maxOutput: number;
  /** budget: `thinking.budget_tokens`; adaptive: `thinking.adaptive` with `output_config.effort`. */
  readonly thinking: 'none' | 'budget' | 'adaptive';
  /** How the model is kept from thinking: by not asking for it, by saying so, not at all. */
  readonly thinkingOff: 'omit' | 'disable' | 'never';
  readonly hasXhigh: boolean;
  /** temperature, top_p and top_k. */
  readonly takesSampling: boolean;
  /** temperature beside top_p. */
  readonly takesBothSamplings: boolean;
  /** `output_config.format` and strict tools. */
  readonly hasStructuredOutput: boolean;
  /** `tool_choice` any and tool. */
  readonly takesForcedTool: boolean;
  /** An assistant's turn as the last one, to be continued. */
  readonly takesPrefill: boolean;
}

const VERSION = /claude-(?:([a-z]+)-)??(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)(?:-([a-z]+))?/;

/**
 * Told by the version in the name (`claude-opus-4-1`, `claude-3-5-haiku-…`, `claude-sonnet-4@…`): what a release began, later ones keep.
 * A Claude without a version is taken for a new one; a name that is no Claude's for a server that speaks the API as it was at first.
 * Sources: https://platform.claude.com/docs/en/about-claude/models/overview, …/build-with-claude/{extended-thinking, adaptive-thinking,
 * effort, structured-outputs}, and the deprecation notes in https://github.com/anthropics/anthropic-sdk-typescript
 */
export function readModelTraits(model: string): ModelTraits {
  const name = model.toLowerCase();
  const found = VERSION.exec(name);
  const isClaude = name.includes('claude');
  // 4.5 → 405
  const version = found ? Number(found[2]) * 100 + Number(found[3] ?? 0) : isClaude ? 500 : 0;
  const family = found?.[1] ?? found?.[4] ?? /claude-([a-z]+)/.exec(name)?.[1] ?? '';
  const isDeep = family === 'fable' || family === 'mythos';
  const isLarge = family === 'opus' || family === 'sonnet';
  return {
    maxOutput: isClaude ? maxOutputOf(version, family) : 8192,
    thinking: version >= 406 ? 'adaptive' : version >= 307 || !isClaude ? 'budget' : 'none',
    thinkingOff: isDeep || (isLarge && version >= 505) ? 'never' : version >= 500 ? 'disable' : 'omit',
    hasXhigh: version >= 407,
    takesSampling: version <= 406,
    takesBothSamplings: version < 401,
    hasStructuredOutput: version >= 405 || version === 401,
    takesForcedTool: !((isDeep && version >= 501) || (isLarge && version >= 505)),
    takesPrefill: version < 406,
  };
}

function maxOutputOf(version: number, family: string): number {
  if (version >= 406) return 128_000;
  if (version >= 400 && version < 405 && family === 'opus') return 32_000;
  if (version >= 307) return 64_000;
  return version === 305 ? 8192 : 4096;
}
