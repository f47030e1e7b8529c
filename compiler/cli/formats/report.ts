import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Source } from '../../understand.ts';

/** What a format turns into text. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

export const FORMATS = ['pretty', 'json', 'sarif', 'github', 'junit'] as const;
export type Format = (typeof FORMATS)[number];
