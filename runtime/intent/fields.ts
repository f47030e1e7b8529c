/** Top-level fields of a request that the gateway reads or rewrites. */
export const FIELD_NAMES = [
  'model',
  'messages',
  'input',
  'stream',
  'stream_options',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'tools',
  'functions',
  'response_format',
  'reasoning_effort',
  'service_tier',
  'web_search_options',
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

/** Kinds of JSON values as bits, so that the kinds among an array's elements are one number. */
export const KIND = { STRING: 1, NUMBER: 2, LITERAL: 4, OBJECT: 8, ARRAY: 16 } as const;

/** Where one member of an object stands: byte offsets, ends exclusive. Strings include their quotes. */
export interface Field {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly start: number;
  readonly end: number;
  /** A `KIND`. */
  readonly kind: number;
  /** Elements of an array, members of an object; 0 for other kinds. */
  readonly items: number;
  /** Set of `KIND` bits of those elements or member values. */
  readonly itemKinds: number;
  /** Where those of them that are objects begin. */
  readonly objects: readonly number[];
}

/** The fields that a body has. `null` as a value is a field of kind LITERAL. */
export type Fields<Name extends string = FieldName> = { readonly [name in Name]?: Field };
