/** What a model says, whatever the API that it is said in. */
export interface Meaning {
  readonly thought?: string;
  readonly text?: string;
  /** Arguments as JSON text. */
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
  readonly finish?: 'stop' | 'length' | 'filter';
}

/** Tokens that every voice tells: fresh input, input from a cache (where its API knows one), output. */
export const TOLD = { input: 30, cached: 12, output: 9 } as const;

/** How one provider's API says things, in the form that its documentation shows: whole, as a stream, and when something is wrong. */
export interface Voice {
  readonly hasCache: boolean;
  /** Its API can refuse an answer for its content. */
  readonly canFilter: boolean;
  sayWhole(meaning: Meaning): Buffer;
  /** Events or lines, each on its own; the text comes a word at a time. */
  sayStream(meaning: Meaning): readonly Buffer[];
  sayError(status: number, words: string): Buffer;
  /** An error after a stream began as 200. */
  sayLateError(words: string): Buffer;
  /** Null: the API has no embeddings. */
  sayEmbeddings(vectors: readonly (readonly number[])[]): Buffer | null;
}

/** A text in pieces, as models say them. */
export function splitWords(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}
