/** What a change does to a request. */
export const DIRECTIONS = ['loosens', 'tightens', 'moves'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What can change for a request, the gravest first: the first of a class names it. */
export const EFFECTS = [
  'cloud',
  'answer',
  'caller',
  'name',
  'target',
  'fallback',
  'tier',
  'floor',
  'cost',
  'output',
  'state',
  'first',
  'order',
] as const;
export type EffectKind = (typeof EFFECTS)[number];

/** One thing that changes for a request. What belongs to the kind is set, the rest is absent. */
export interface Effect {
  readonly kind: EffectKind;
  readonly direction: Direction;
  /** Rows of joint targets that come or go. */
  readonly targets?: readonly number[];
  /** Before and after: tiers, nano-dollars (NaN = unknown), output tokens, rows of joint targets (-1 = none). */
  readonly from?: number;
  readonly to?: number;
  /** Row of the probe that shows it. */
  readonly probe?: number;
  /** Joint rows of those who must be down for it to show, and of who is next then. */
  readonly down?: readonly number[];
  readonly next?: { readonly old: number; readonly now: number };
}
