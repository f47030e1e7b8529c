import type { Sampler } from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import { readTracing, type SamplerName } from './read-tracing.ts';
import type { Redactor } from './redact.ts';
import type { Tracer } from './tracer.ts';

export interface TracerSurroundings {
  /** `--otel-endpoint`. */
  readonly endpoint: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly registry: Registry;
  readonly redactor: Redactor;
}

/** The tracer that was asked for; null where none was: then nothing of OpenTelemetry is loaded. @throws Failure where it was asked for wrongly. */
export async function openTracer({ endpoint, env, version, registry, redactor }: TracerSurroundings): Promise<Tracer | null> {
  const spans = new Counter({
    name: 'policyd_spans_total',
    help: 'spans of traces by what became of them: sent, failed at the receiver, dropped because too many waited',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of ['sent', 'failed', 'dropped']) spans.inc({ result }, 0);
  const tracing = readTracing(endpoint, env);
  if (tracing === null) return null;
  redactor.add(Object.values(tracing.headers).filter((value) => value.length >= 8));
  const [sdk, { OTLPTraceExporter }, resources, { SpanQueue }, { OtelTracer }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('./span-queue.ts'),
    import('./otel-tracer.ts'),
  ]);
  const exporter = new OTLPTraceExporter({ url: tracing.url, headers: { ...tracing.headers } });
  const on = new sdk.AlwaysOnSampler();
  const off = new sdk.AlwaysOffSampler();
  const part = new sdk.TraceIdRatioBasedSampler(tracing.ratio);
  const samplers: Readonly<Record<SamplerName, Sampler>> = {
    always_on: on,
    always_off: off,
    traceidratio: part,
    parentbased_always_on: new sdk.ParentBasedSampler({ root: on }),
    parentbased_always_off: new sdk.ParentBasedSampler({ root: off }),
    parentbased_traceidratio: new sdk.ParentBasedSampler({ root: part }),
  };
  const named = resources.resourceFromAttributes({
    'service.name': env.OTEL_SERVICE_NAME || 'policyd',
    'service.version': version,
    ...readAttributes(env.OTEL_RESOURCE_ATTRIBUTES),
    ...(env.OTEL_SERVICE_NAME ? { 'service.name': env.OTEL_SERVICE_NAME } : {}),
  });
  const provider = new sdk.TracerProvider({
    resource: named,
    sampler: samplers[tracing.sampler],
    spanProcessors: [new SpanQueue(exporter, (result, count) => spans.inc({ result }, count))],
  });
  return new OtelTracer(provider, version);
}

/** `key=value,key=value`, percent-encoded; what is neither is left out. */
function readAttributes(text: string | undefined): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of (text ?? '').split(',')) {
    const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (key === undefined) continue;
    try {
      attributes[key] = decodeURIComponent(value);
    } catch {
      attributes[key] = value;
    }
  }
  return attributes;
}
