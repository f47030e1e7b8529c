import type { Intent } from './intent.ts';
import type { TargetMetrics } from './snapshot.ts';
import type { Endpoint, Zone } from './vocabulary.ts';

/** Version of the decision log's lines. */
export const DECISION_LINE_FORMAT = 1;

/**
 * The coordinates of an intent, in the order in which a line lists them. Link and model are what the decision finds, the offsets are the
 * router's own: everything else is here, so that the intent can be made again without the request.
 */
export const INTENT_COORDINATES = [
  'name',
  'policy',
  'category',
  'class',
  'caller',
  'endpoint',
  'required',
  'flexible',
  'inputLow',
  'inputHigh',
  'input',
  'inputMost',
  'images',
  'tools',
  'answers',
  'outputCap',
  'capSource',
  'output',
  'score',
  'costCap',
] as const satisfies readonly (keyof Intent)[];

/** What an intent is made again from. A coordinate that an intent has and the list has not breaks the build where one is made. */
export type IntentCoordinates = Readonly<Record<(typeof INTENT_COORDINATES)[number], number>>;

/**
 * One decision, as one line of JSON: the first members make it again, the others are names for people. No prompt, no key. A request that
 * is sent to another target has a line for each decision.
 */
export interface DecisionLine {
  readonly kind: 'decision';
  readonly format: typeof DECISION_LINE_FORMAT;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly request_id: string;
  /** Hash of the router that decided. */
  readonly router: string;
  /** `order` of the `OrderLine` that it was decided on, which stands before it in the same file. */
  readonly order: string;
  readonly epoch: number;
  /** By `INTENT_COORDINATES`; null = no cost cap. */
  readonly intent: readonly (number | null)[];
  /** Set of `TARGET_STATE` bits by target row, one digit each; empty = all are ready. */
  readonly state: string;
  /** Index into `BUDGET_STATUSES` by budget row, one digit each; empty = all are normal. */
  readonly budgets: string;
  /** Rows of the targets that this request was sent to before. */
  readonly excluded: readonly number[];
  /** See `CODE`. */
  readonly code: number;
  /** Share of requests that are logged, 0 to 1: this one stands for 1 ÷ sample. */
  readonly sample: number;
  /** As it was asked for. */
  readonly model: string;
  readonly endpoint: Endpoint;
  /** Name of the caller's key; null = none. */
  readonly caller: string | null;
  readonly policy: string;
  readonly category: string | null;
  readonly class: string | null;
  readonly decision: 'route' | 'queue' | 'reject';
  readonly backend: string | null;
  /** `backend/model`. */
  readonly target: string | null;
  readonly zone: Zone | null;
  /** Estimate; null where the price is unknown or nothing is called. */
  readonly cost_usd: number | null;
  readonly decision_us: number;
}

/** The order that decisions were made on, once in a file: what `lay` needs. */
export interface OrderLine {
  readonly kind: 'order';
  readonly format: typeof DECISION_LINE_FORMAT;
  readonly time: string;
  readonly router: string;
  /** Unique: an epoch begins again with every load of a router. */
  readonly order: string;
  readonly epoch: number;
  /** See `Order.permutation`. */
  readonly permutation: readonly number[];
  /** `backend/model` by target row, and the budgets' names by row: another policy has other rows. */
  readonly targets: readonly string[];
  readonly budgets: readonly string[];
  /** The snapshot that was ranked: of each target what differs from `UNMEASURED`, and the budgets' states. */
  readonly measured: readonly Partial<TargetMetrics>[];
  readonly charged: readonly number[];
}
