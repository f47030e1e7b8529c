import { expect, test } from 'vitest';
import { readModelTraits } from '../../../runtime/backends/anthropic/model-traits.ts';

/** max output, thinking, thinking off, sampling, structured output, forced tool, prefill. */
test.each([
  ['claude-2.1', 4096, 'none', 'omit', true, false, true, true],
  ['claude-instant-1.2', 4096, 'none', 'omit', true, false, true, true],
  ['claude-3-haiku-20240307', 4096, 'none', 'omit', true, false, true, true],
  ['claude-3-5-sonnet-20241022', 8192, 'none', 'omit', true, false, true, true],
  ['claude-3-7-sonnet-latest', 64_000, 'budget', 'omit', true, false, true, true],
  ['claude-sonnet-4-20250514', 64_000, 'budget', 'omit', true, false, true, true],
  ['claude-opus-4@20250514', 32_000, 'budget', 'omit', true, false, true, true],
  ['us.anthropic.claude-opus-4-1-20250805-v1:0', 32_000, 'budget', 'omit', true, true, true, true],
  ['claude-haiku-4-5-20251001', 64_000, 'budget', 'omit', true, true, true, true],
  ['claude-opus-4-5', 64_000, 'budget', 'omit', true, true, true, true],
  ['anthropic/claude-opus-4.6', 128_000, 'adaptive', 'omit', true, true, true, false],
  ['claude-sonnet-4-6', 128_000, 'adaptive', 'omit', true, true, true, false],
  ['claude-opus-4-7', 128_000, 'adaptive', 'omit', false, true, true, false],
  ['claude-opus-5-20260724', 128_000, 'adaptive', 'disable', false, true, true, false],
  ['claude-opus-5-5', 128_000, 'adaptive', 'never', false, true, false, false],
  ['claude-haiku-5-5', 128_000, 'adaptive', 'disable', false, true, true, false],
  ['claude-fable-5', 128_000, 'adaptive', 'never', false, true, true, false],
  ['claude-fable-5-1', 128_000, 'adaptive', 'never', false, true, false, false],
  ['claude-mythos-preview', 128_000, 'adaptive', 'never', false, true, true, false],
  ['claude-latest', 128_000, 'adaptive', 'disable', false, true, true, false],
  ['somebody-elses', 8192, 'budget', 'omit', true, false, true, true],
])('%s', (name, maxOutput, thinking, thinkingOff, takesSampling, hasStructuredOutput, takesForcedTool, takesPrefill) => {
  expect(readModelTraits(name)).toMatchObject({
    maxOutput,
    thinking,
    thinkingOff,
    takesSampling,
    hasStructuredOutput,
    takesForcedTool,
    takesPrefill,
  });
});
