import type { SpanContext } from './read-traceparent.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;
/** `server`: asked by somebody; `client`: asks somebody; `internal`: neither. */
export type SpanKind = 'internal' | 'server' | 'client';

/** One step of what is done for somebody, from its beginning to its end. None of it may hold a body or a key. */
export interface Span {
  readonly context: SpanContext;
  /** For who is asked because of it. */
  readonly traceparent: string;
  /** Null and undefined are left out. */
  set(attributes: SpanAttributes): void;
  rename(name: string): void;
  event(name: string, attributes?: SpanAttributes): void;
  /**
   * Once; more calls do nothing.
   *
   * @param problem what failed, a word of a closed set (`timeout`, `429`); null = nothing.
   * @param at `performance.now()` of its end, where that is past.
   */
  end(problem?: string | null, at?: number): void;
}

/** Who tells of spans; null in its place where nobody asked for traces, so that this costs one comparison. */
export interface Tracer {
  /**
   * @param parent what it is a part of; null begins a trace.
   * @param at `performance.now()` of its beginning, where that is past.
   */
  startSpan(name: string, parent: SpanContext | null, attributes?: SpanAttributes, kind?: SpanKind, at?: number): Span;
  /** Sends what waits, for at most some seconds. */
  close(): Promise<void>;
}
