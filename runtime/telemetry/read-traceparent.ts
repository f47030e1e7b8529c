/** Where a span belongs: 32 hex digits of its trace, 16 of itself. */
export interface SpanContext {
  readonly trace: string;
  readonly span: string;
  /** Whoever began the trace records it. */
  readonly sampled: boolean;
}

/** `00-<trace id>-<parent id>-<flags>`; later versions may append. Source: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** What a request's `traceparent` says; null where it has none that is valid. */
export function readTraceparent(header: string | string[] | undefined): SpanContext | null {
  if (typeof header !== 'string') return null;
  const found = TRACEPARENT.exec(header);
  return found === null ? null : { trace: found[1], span: found[2], sampled: (Number.parseInt(found[3], 16) & 1) === 1 };
}
