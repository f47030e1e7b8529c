import {
  type Context,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  type Tracer as OtelApi,
  TraceFlags,
} from '@opentelemetry/api';
import type { TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanContext } from './read-traceparent.ts';
import type { Span, SpanAttributes, SpanKind, Tracer } from './tracer.ts';

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
};
/** Most characters of an attribute: names that callers choose are among them. */
const LONGEST = 256;

/** The tracer over OpenTelemetry's SDK. */
export class OtelTracer implements Tracer {
  readonly #provider: TracerProvider;
  readonly #api: OtelApi;

  constructor(provider: TracerProvider, version: string) {
    this.#provider = provider;
    this.#api = provider.getTracer('policyd', version);
  }

  startSpan(name: string, parent: SpanContext | null, attributes: SpanAttributes = {}, kind: SpanKind = 'internal', at?: number): Span {
    const options = { kind: KINDS[kind], attributes: clean(attributes), ...(at === undefined ? {} : { startTime: at }) };
    return new OtelWrapper(this.#api.startSpan(name.slice(0, LONGEST), options, toContext(parent)));
  }

  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}

class OtelWrapper implements Span {
  readonly context: SpanContext;
  readonly #span: OtelSpan;

  constructor(span: OtelSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.context = { trace: traceId, span: spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
    this.#span = span;
  }

  get traceparent(): string {
    const { trace: id, span, sampled } = this.context;
    return `00-${id}-${span}-${sampled ? '01' : '00'}`;
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(clean(attributes));
  }

  rename(name: string): void {
    this.#span.updateName(name.slice(0, LONGEST));
  }

  event(name: string, attributes: SpanAttributes = {}): void {
    this.#span.addEvent(name, clean(attributes));
  }

  end(problem: string | null = null, at?: number): void {
    if (!this.#span.isRecording()) return;
    if (problem !== null) {
      this.#span.setAttribute('error.type', problem.slice(0, LONGEST));
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end(at);
  }
}

function toContext(parent: SpanContext | null): Context {
  if (parent === null) return ROOT_CONTEXT;
  const { trace: traceId, span: spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function clean(attributes: SpanAttributes): Record<string, string | number | boolean | string[]> {
  const kept: Record<string, string | number | boolean | string[]> = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (typeof value === 'string') kept[name] = value.slice(0, LONGEST);
    else if (typeof value === 'object' && value !== null) kept[name] = [...value];
    else if (value !== null && value !== undefined && !Number.isNaN(value)) kept[name] = value;
  }
  return kept;
}
