import type { Endpoint, Scope } from '../../schema/vocabulary.ts';
import type { Ingress } from '../ingress/ingress.ts';
import type { ErrorWords } from './error-words.ts';

/** A route whose requests go on to a backend: what `proxy` has to know of the way by which one came. */
export interface ProxiedRoute {
  /** The URL's path. */
  readonly path: string;
  readonly endpoint: Endpoint;
  /** The API of its callers where it is not OpenAI's chat completions or embeddings. */
  readonly ingress: Ingress | null;
  /** What a caller's key must allow. */
  readonly scope: Scope;
  /** How its callers are told of errors. */
  readonly errors: ErrorWords;
}
