import type { Metadata } from '../document.ts';
import type { SearchMode } from './query.ts';

export interface SearchResult {
  /** Of the piece that was found. */
  readonly id: string;
  /** Id of the document that it is of. */
  readonly document: string;
  readonly namespace: string;
  readonly source: string;
  readonly heading: string | null;
  readonly text: string;
  readonly tokens: number;
  readonly metadata: Metadata;
  readonly score: number;
  /** Its place in each ranking, from 1; null = it is not in that one. */
  readonly ranks: Readonly<Record<string, number | null>>;
}

export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  /** How it was really looked for. */
  readonly mode: SearchMode;
  /** Why that is less than was asked for; null = it is all of it. */
  readonly degraded: string | null;
}

/** Another place that is searched, whose results join the others. Never rejects. */
export interface OutsideSource {
  readonly name: string;
  search(text: string, most: number): Promise<OutsideResults>;
}

export interface OutsideResults {
  readonly results: readonly { readonly id: string; readonly text: string }[];
  readonly problem: string | null;
}
