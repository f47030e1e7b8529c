import type { TargetConfig } from '../../schema/manifest.ts';
import type { Endpoint } from '../../schema/vocabulary.ts';
import type { Request } from '../intent/request.ts';
import type { Wire } from './meter/wire.ts';
import type { EmbeddingsTranslator } from './translate/embeddings-translator.ts';
import type { DialectCall, Translator } from './translate/translator.ts';

/** An output cap that policy lowered or added, in tokens. */
export type OutputCap = number | null;

/** One HTTP call to a backend, without the headers that every call has. */
export type UpstreamCall = DialectCall;

/** What a free call told about a backend. `loading`: it lives, and will serve soon. */
export type Health =
  | { readonly state: 'up' }
  | { readonly state: 'loading'; readonly reason: string }
  | { readonly state: 'down'; readonly reason: string };

/** APIs beside chat completions that callers and backends may have in common; the caller's own bytes go on then. */
export const NATIVE_APIS = ['messages', 'responses', 'ollama-chat', 'ollama-generate', 'ollama-embed'] as const;
export type NativeApi = (typeof NATIVE_APIS)[number];

/** Where a backend takes a native API, and how its answers are metered. */
export interface Native {
  readonly path: string;
  /** Flat name, value list. */
  readonly headers: readonly string[];
  /** Headers of the caller's that go on: they say how its body is meant. */
  readonly passes: readonly string[];
  readonly wire: Wire;
}

/** How one kind of server is spoken to. A new one is a file that implements this, and a row in `DIALECTS`. */
export interface Dialect {
  /**
   * The call for a request. Where answers pass through, so do the request's bytes: what needs no change is not copied.
   *
   * @param meters ask for usage at the end of a stream even where the caller does not; the chunk that tells it must then be dropped
   * (see `asksForUsage`).
   * @throws BadRequest for what the dialect can't express.
   */
  write(endpoint: Endpoint, request: Request, target: TargetConfig, cap: OutputCap, meters?: boolean): UpstreamCall;
  /** What reads chat answers and errors; null: they are OpenAI's own, and pass through untouched. */
  readonly chat: Translator | null;
  /** The same for embeddings. */
  readonly embeddings: EmbeddingsTranslator | null;
  /** With `meters`, a stream's usage is asked for by `stream_options`. Where this is false, a stream tells its usage always, or can't be asked. */
  readonly asksForUsage: boolean;
  readonly natives: Readonly<Partial<Record<NativeApi, Native>>>;
  /** Headers that prove who we are; flat name, value list. */
  authorize(key: string): readonly string[];
  /** An answer, to a health check or a request, which says that the key itself is not valid: every other call with it fails, too. */
  refusesKey(status: number, body: string): boolean;
  /** A call that costs nothing, without `authorize`, and what its answer means. */
  readonly healthPath: string;
  readonly healthHeaders: readonly string[];
  judge(status: number, body: string): Health;
  /** Where the server loads models at their first request: the call that lists those in memory, and how to read it. */
  readonly residency: { readonly path: string; read(body: string): ReadonlySet<string> } | null;
}
