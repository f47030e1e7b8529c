import type { Wire } from '../backends/meter/wire.ts';
import { EventEndWatch } from './event-end-watch.ts';
import { LineEndWatch } from './line-end-watch.ts';

/** Sees a stream go by for what must be known at its end: did it come to one? */
export interface EndWatch {
  take(chunk: Buffer): void;
  /** The bytes ended. */
  finish(): void;
  /** The event that ends it is there, an error among them: another one must not follow. */
  readonly isTerminated: boolean;
  /** What has to stand before an event that is added now, so that it begins where an event can. */
  readonly gap: string;
  readonly events: number;
}

/**
 * The events that end a stream of server-sent events, by API; an error is one of them. Sources:
 * https://platform.claude.com/docs/en/build-with-claude/streaming, https://platform.openai.com/docs/api-reference/responses-streaming
 */
const ENDS: Readonly<Partial<Record<Wire, ReadonlySet<string>>>> = {
  messages: new Set(['message_stop', 'error']),
  responses: new Set(['response.completed', 'response.incomplete', 'response.failed', 'error']),
};

export function openEndWatch(wire: Wire): EndWatch {
  const ends = ENDS[wire];
  return ends === undefined ? new LineEndWatch() : new EventEndWatch(ends);
}
