import type { Overhead, PriceTier } from '../../../schema/price.ts';
import type { Encoding, Objective, Percentile, Privacy, Stage, Zone } from '../../../schema/vocabulary.ts';
import type { Quota } from '../../../schema/workload.ts';

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
  /** `backend`: it pays for what goes there alone; null: wherever a request goes. */
  readonly budgets: readonly { readonly name: string; readonly backend: string | null }[];
  readonly axes: readonly AxisData[];
  readonly rankClasses: readonly RankClass[];
  /** Rank classes from here on are those of the soft limit; equal to their number where there is no budget. */
  readonly softFrom: number;
  readonly workloads: WorkloadsData;
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
  readonly known: boolean;
  /** What a usage costs: pico-dollars a token by ascending `above`, the first from 0 on. */
  readonly rates: readonly PriceTier[];
  /** The dearest that a token in and a token out can cost, of whatever kind, by the same ascending `above`. */
  readonly dearest: readonly Dearest[];
  readonly overhead: Overhead;
  readonly encoding: Encoding;
  /** Its tokenizer is public: counts with `encoding` are exact. */
  readonly exact: boolean;
  readonly place: string;
}

export interface Dearest {
  readonly above: number;
  readonly input: number;
  readonly output: number;
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

/** What callers may hold, which workloads stay, and where they go. */
export interface WorkloadsData {
  /** In jobs, thousandths of a core, bytes; in the order of `QUOTAS`. */
  readonly quotas: readonly { readonly quota: Quota; readonly limit: number; readonly place: string }[];
  /** `pattern` is the glob as a regular expression over a whole name. */
  readonly protected: readonly { readonly glob: string; readonly pattern: string; readonly place: string }[];
  readonly prefer: 'local' | 'any';
  /** Empty: restricted workloads stay on this machine. */
  readonly restrictedLabels: readonly { readonly label: string; readonly value: string; readonly place: string }[];
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
    | { readonly kind: 'price'; readonly masks: readonly number[]; readonly prices: readonly PriceSteps[] }
    | { readonly kind: 'budget'; readonly scopes: readonly (readonly { readonly budget: number; readonly blocks: readonly number[] }[])[] }
    | { readonly kind: 'live' };
}

/** Pico-dollars a token in and out, by ascending number of input tokens above which they hold; the first from 0 on. */
export type PriceSteps = readonly (readonly [above: number, input: number, output: number])[];

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
