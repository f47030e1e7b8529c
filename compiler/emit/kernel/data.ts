import type { Encoding, Objective, Percentile, Privacy, Stage, Zone } from '../../../schema/vocabulary.ts';

/** What the page of a router hands to the kernel: its tables, as data. Rows are array indexes everywhere. */
export interface RouterData {
  /** Words of 32 targets. */
  readonly words: number;
  readonly columns: readonly Column[];
  readonly names: readonly { readonly name: string; readonly model: number; readonly hops: readonly string[]; readonly list: number }[];
  readonly models: readonly {
    readonly name: string;
    readonly virtual: boolean;
    readonly chain: readonly number[];
    readonly encoding: Encoding;
  }[];
  /** By model: its row in the masks of axis `model`; empty where that axis narrows nothing. */
  readonly modelRows: readonly number[];
  readonly policies: readonly PolicyRow[];
  /** Policy rows to try, in order, for names that the same globs match; the last one always matches. */
  readonly lists: readonly (readonly number[])[];
  /** Sets of rows (of callers, of categories) that policies name. */
  readonly sets: readonly (readonly number[])[];
  readonly callers: number;
  readonly categories: readonly CategoryRow[];
  readonly classes: readonly ClassRow[];
  readonly classifier: ClassifierData;
  readonly budgets: readonly string[];
  readonly axes: readonly AxisData[];
  readonly rankClasses: readonly RankClass[];
  /** Rank classes from here on are those of the soft limit; equal to their number where there is no budget. */
  readonly softFrom: number;
}

export interface Column {
  readonly backend: string;
  readonly model: string;
  readonly cloud: boolean;
  readonly zone: Zone;
  readonly tier: number;
  readonly quality: number;
  readonly context: number | null;
  readonly capabilities: number;
  readonly priority: number;
  /** Pico-dollars a token. */
  readonly input: number;
  readonly output: number;
  readonly known: boolean;
  readonly encoding: Encoding;
  /** Its tokenizer is public: counts with `encoding` are exact. */
  readonly exact: boolean;
  readonly place: string;
}

export interface PolicyRow {
  readonly name: string;
  readonly place: string;
  readonly privacy: Privacy;
  readonly minTier: number;
  /** Pico-dollars; Infinity = none. */
  readonly maxCost: number;
  readonly fallback: boolean;
  readonly sla: string | null;
  /** Rows in `sets`, -1 = any. */
  readonly callers: number;
  readonly categories: number;
  /** Bit set over endpoints. */
  readonly endpoints: number;
}

/** `op` is -2 `<`, -1 `<=`, 0 `=`, 1 `>=`, 2 `>`. */
export interface BoundData {
  readonly op: number;
  readonly value: number;
}

export interface CategoryRow {
  readonly name: string;
  readonly score: BoundData | null;
  readonly inputTokens: BoundData | null;
  readonly maxCost: number;
  readonly maxOutputTokens: number | null;
  readonly strict: boolean;
  readonly sla: string | null;
  readonly minQuality: number | null;
  readonly place: string;
}

export interface ClassRow {
  readonly name: string;
  readonly words: readonly string[] | null;
  readonly tools: BoundData | null;
  readonly codeBlock: boolean | null;
  readonly inputTokens: BoundData | null;
}

export interface ClassifierData {
  readonly keywords: readonly (readonly [word: string, micros: number])[];
  readonly codeBlock: number;
  readonly manyLines: readonly [over: number, micros: number];
  readonly tokens: readonly [per: number, upTo: number];
  readonly expected: number;
}

export interface RankClass {
  readonly objective: Objective;
  /** Input and output tokens of the reference request. */
  readonly reference: readonly [number, number];
  readonly soft: boolean;
}

export interface AxisData {
  readonly axis: string;
  readonly stage: Stage;
  readonly role: 'filter' | 'tier floor' | 'quality floor';
  readonly reason: string;
  readonly suggest: string;
  /** First row of the axis in the live tables, and how many it has. */
  readonly row: number;
  readonly rows: number;
  readonly content:
    | { readonly kind: 'static'; readonly masks: readonly number[]; readonly thresholds: readonly number[] }
    | { readonly kind: 'measured'; readonly floors: readonly MeasuredFloor[] }
    | { readonly kind: 'price'; readonly masks: readonly number[]; readonly prices: readonly (readonly [number, number])[] }
    | { readonly kind: 'budget'; readonly scopes: readonly (readonly { readonly budget: number; readonly blocks: readonly number[] }[])[] }
    | { readonly kind: 'live' };
}

/** Infinity or 0 where a bound is absent: `maxErrorRate` Infinity, `minSuccessRate` 0, the times Infinity. */
export interface MeasuredFloor {
  readonly maxErrorRate: number;
  readonly minSuccessRate: number;
  readonly maxTtft: number;
  readonly firstToken: number;
  readonly total: number;
  readonly at: Percentile;
  readonly expected: number;
}
