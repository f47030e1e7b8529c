import type { Privacy } from '../../../../schema/vocabulary.ts';

export const SEARCH_MODES = ['fused', 'semantic', 'keyword'] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];

/** Where is looked. */
export interface Scope {
  /** Null: at what everybody has. */
  readonly owner: string | null;
  readonly namespace: string | null;
  readonly source: string | null;
  /** Values as text; all must hold. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Query {
  readonly text: string;
  readonly topK: number;
  readonly mode: SearchMode;
  /** Restricted: the text goes to backends of zone `restricted`, and to servers that are said to be inside, only. */
  readonly privacy: Privacy;
  readonly scope: Scope;
}

/** A chunk in a ranking. */
export interface Ranked {
  readonly chunk: number;
  readonly score: number;
}
