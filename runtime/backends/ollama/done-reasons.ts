import type { FinishReason } from '../translate/finish-reason.ts';

/** Why an answer ended, `llm.DoneReason` and `server/routes.go` of https://github.com/ollama/ollama */
export const DONE_REASONS = ['stop', 'length', 'load', 'unload'] as const;
export type DoneReason = (typeof DONE_REASONS)[number];

/** failure: the model was only brought into memory, or out of it, and said nothing. */
const MEANING: Readonly<Record<DoneReason, FinishReason | 'failure'>> = {
  stop: 'stop',
  length: 'length',
  load: 'failure',
  unload: 'failure',
};

/** Total: a reason that is not known yet is a `stop`, and is told to the log. Old servers tell none. */
export function readDoneReason(reason: unknown): { readonly finish: FinishReason | 'failure'; readonly warnings: readonly string[] } {
  if (reason === undefined || reason === null || reason === '') return { finish: 'stop', warnings: [] };
  if (typeof reason === 'string' && Object.hasOwn(MEANING, reason)) return { finish: MEANING[reason as DoneReason], warnings: [] };
  const word = typeof reason === 'string' && /^\w{1,40}$/.test(reason) ? reason.toLowerCase() : 'other';
  return { finish: 'stop', warnings: [`done-reason-unknown=${word}`] };
}
