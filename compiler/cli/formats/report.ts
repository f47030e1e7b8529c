import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { SingleFailure } from '../../prove/single-failures.ts';
import type { Source } from '../../understand.ts';

/** What a format turns into text. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
  /** What hangs on a single backend, where it was asked for. */
  readonly totality?: readonly SingleFailure[] | null;
}

export const FORMATS = ['pretty', 'json', 'sarif', 'github', 'junit'] as const;
export type Format = (typeof FORMATS)[number];
