import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as OTLP over HTTP tells it in JSON. Source: opentelemetry-proto, `trace/v1/trace.proto`, with ids as hexadecimal digits. */
export interface ToldSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly isError: boolean;
}

type Value = {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
};
type Pair = { readonly key: string; readonly value: Value };

/** Receives traces as a collector does, and keeps all of them. */
export class TraceReceiver {
  readonly spans: ToldSpan[] = [];
  readonly resources: Readonly<Record<string, unknown>>[] = [];
  readonly paths: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** Everything that came, as it came. */
  text = '';
  status = 200;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.paths.push(request.url!);
        this.headers.push(request.headers);
        if (this.status === 200) this.#take(Buffer.concat(parts).toString('utf8'));
        response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  static async start(): Promise<TraceReceiver> {
    const receiver = new TraceReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(text: string): void {
    this.text += text;
    // biome-ignore lint/suspicious/noExplicitAny: it is another program's word, looked at member by member.
    for (const { resource, scopeSpans } of (JSON.parse(text) as any).resourceSpans) {
      this.resources.push(toObject(resource.attributes));
      for (const { spans } of scopeSpans) {
        for (const span of spans) {
          this.spans.push({
            traceId: span.traceId,
            spanId: span.spanId,
            parentSpanId: span.parentSpanId || undefined,
            name: span.name,
            kind: span.kind,
            start: BigInt(span.startTimeUnixNano),
            end: BigInt(span.endTimeUnixNano),
            attributes: toObject(span.attributes),
            events: (span.events ?? []).map(({ name }: { name: string }) => name),
            isError: span.status?.code === 2,
          });
        }
      }
    }
  }
}

function toObject(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? (value.intValue === undefined ? value : Number(value.intValue)),
    ]),
  );
}
