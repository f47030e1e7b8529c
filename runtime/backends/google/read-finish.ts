import type { FinishReason } from '../translate/finish-reason.ts';

/** Ends of an answer, https://ai.google.dev/api/generate-content#FinishReason */
export const FINISH_REASONS = [
  'FINISH_REASON_UNSPECIFIED',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'OTHER',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_OTHER',
  'NO_IMAGE',
  'IMAGE_RECITATION',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'MALFORMED_RESPONSE',
] as const;
export type GoogleFinish = (typeof FINISH_REASONS)[number];

/** failure: the model broke off over its own mistake, and what it said is no answer. */
const MEANING: Readonly<Record<GoogleFinish, FinishReason | 'failure'>> = {
  FINISH_REASON_UNSPECIFIED: 'stop',
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  // Neither whole nor too long: what is left out was kept back.
  LANGUAGE: 'content_filter',
  OTHER: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'failure',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_OTHER: 'content_filter',
  NO_IMAGE: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  UNEXPECTED_TOOL_CALL: 'failure',
  TOO_MANY_TOOL_CALLS: 'failure',
  MISSING_THOUGHT_SIGNATURE: 'failure',
  MALFORMED_RESPONSE: 'failure',
};

/** Total: a reason that is not known yet is a `stop`, and is told as a warning. */
export function readFinish(reason: string): { readonly finish: FinishReason | 'failure'; readonly warnings: readonly string[] } {
  if (Object.hasOwn(MEANING, reason)) return { finish: MEANING[reason as GoogleFinish], warnings: [] };
  return { finish: 'stop', warnings: [`finish-reason-unknown=${/^\w{1,60}$/.test(reason) ? reason.toLowerCase() : 'other'}`] };
}
