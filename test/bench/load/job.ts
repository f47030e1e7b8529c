/** What the load does. `closed`: every connection as fast as it is answered; `open`: at a rate; `stream`: streams one by one. */
export type Job = {
  readonly port: number;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly connections: number;
} & (
  | { readonly kind: 'closed'; readonly ms: number }
  | { readonly kind: 'open'; readonly ms: number; readonly rate: number }
  | { readonly kind: 'stream'; readonly count: number }
);

/** All times in ms. */
export interface Report {
  /** Of each request; of streams: from the writing of each event at the backend to its arrival. */
  readonly times: readonly number[];
  /** How long the run took. */
  readonly ms: number;
  /** Of each stream: from the request to its first event. */
  readonly firsts?: readonly number[];
  /** Between the arrivals of two events of a stream. */
  readonly gaps?: readonly number[];
}
