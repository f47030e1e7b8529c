import type { TargetConfig } from '../../schema/manifest.ts';
import type { Endpoint } from '../../schema/vocabulary.ts';
import type { Request } from '../intent/request.ts';

/** An output cap that policy lowered or added, in tokens. */
export type OutputCap = number | null;

/** One HTTP call to a backend, without the headers that every call has. */
export interface UpstreamCall {
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** What a free call told about a backend. `loading`: it lives, and will serve soon. */
export type Health =
  | { readonly state: 'up' }
  | { readonly state: 'loading'; readonly reason: string }
  | { readonly state: 'down'; readonly reason: string };

/** How one kind of server is spoken to. A new one is a file that implements this, and a row in `DIALECTS`. */
export interface Dialect {
  /** The call for a request; bytes of the request that need no change are not copied. */
  write(endpoint: Endpoint, request: Request, target: TargetConfig, cap: OutputCap): UpstreamCall;
  /** Headers that prove who we are; flat name, value list. */
  authorize(key: string): readonly string[];
  /** Path of a call that costs nothing, and what its answer means. */
  readonly healthPath: string;
  judge(status: number, body: string): Health;
  /** Where the server loads models at their first request: the call that lists those in memory, and how to read it. */
  readonly residency: { readonly path: string; read(body: string): ReadonlySet<string> } | null;
}
