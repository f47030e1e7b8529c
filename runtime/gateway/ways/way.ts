import type { UpstreamCall } from '../../backends/dialect.ts';
import type { Route } from '../../router/live-router.ts';
import type { AnswerBody } from '../answer-body.ts';
import type { Exchange } from '../exchange.ts';
import type { StatusFailure } from '../upstream-failure.ts';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** How a request goes to a backend and its answer comes back, by the APIs that both sides speak. Stateless: one object serves all. */
export interface Way {
  /** @throws BadRequest for what the backend's API can't express. */
  write(exchange: Exchange, route: Route, cap: number | null): UpstreamCall;
  /** What becomes of the body of a 2xx answer. */
  openBody(exchange: Exchange, route: Route, headers: Headers): AnswerBody;
  /** An answer outside 2xx, in words that the caller's API can repeat. */
  readFailure(exchange: Exchange, route: Route, failure: StatusFailure): StatusFailure;
}
