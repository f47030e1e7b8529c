import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerNatively, type NativeAnswer } from './native-answer.ts';

/** What an upstream does instead of answering. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  /** The connection breaks before a byte of an answer. */
  | { readonly kind: 'reset' }
  /** Nothing is ever answered. */
  | { readonly kind: 'stall' }
  /** A stream stops after its first events, and nothing follows. */
  | { readonly kind: 'stall-mid' }
  /** A stream, or a plain answer, breaks off in the middle. */
  | { readonly kind: 'cut' }
  /** Status 200 and not a byte. */
  | { readonly kind: 'empty' }
  /** A body of this many bytes, as fast as it is taken. */
  | { readonly kind: 'flood'; readonly bytes: number }
  /** An error whose body and headers repeat the key it was called with. */
  | { readonly kind: 'echo-key' };

/** One request as it arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface UpstreamOptions {
  /** Models that its lists name. */
  readonly models?: readonly string[];
  /** Models that Ollama's `/api/ps` names: those in memory; undefined = the path is unknown. */
  readonly resident?: readonly string[];
  /** A key that every call must carry. */
  readonly key?: string;
  readonly port?: number;
}

/**
 * A server that speaks OpenAI's HTTP API, and what `native-answer.ts` says of the others', as the real ones do: it records what it receives, answers the same
 * request with the same bytes, and fails on demand.
 */
export class Upstream {
  readonly received: Received[] = [];
  /** Calls whose caller left before the answer was complete. */
  aborted = 0;
  /** Bytes written by a flood. */
  flooded = 0;
  fault: Fault | null = null;
  /** For health checks, apart from `fault`. */
  healthStatus = 200;
  healthBody: string | null = null;
  /** So many health checks are never answered. */
  healthStalls = 0;
  /** Time before the first byte, and between two events, in ms. */
  delay = 0;
  gap = 0;
  resident: readonly string[] | undefined;
  readonly #server: Server;
  readonly #options: UpstreamOptions;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.resident = options.resident;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: UpstreamOptions = {}): Promise<Upstream> {
    const upstream = new Upstream(options);
    await new Promise<void>((resolve) => upstream.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Calls that cost money: all but health checks and lists. */
  get calls(): Received[] {
    return this.received.filter(({ method }) => method === 'POST');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return this.aborted++;
    }
    const path = request.url ?? '';
    const received = { method: request.method ?? '', path, headers: request.headers, body: Buffer.concat(parts) };
    this.received.push(received);
    response.on('close', () => {
      if (!response.writableFinished) this.aborted++;
    });
    if (received.method === 'GET') return this.#list(path, request, response);
    if (this.#options.key !== undefined && !carriesKey(request, this.#options.key)) {
      return sendJson(response, 401, {
        error: { message: 'Incorrect API key provided', type: 'invalid_request_error', code: 'invalid_api_key' },
      });
    }
    if (this.delay > 0) await sleep(this.delay);
    if (this.fault) return this.#fail(this.fault, received, response);
    const body = JSON.parse(received.body.toString('utf8')) as ChatBody;
    if (path === '/v1/embeddings') return sendJson(response, 200, embed(body));
    const native = answerNatively(path, body, WORDS.join(''));
    if (native !== null) return this.#say(native, response);
    if (path !== '/v1/chat/completions') return sendJson(response, 404, { error: { message: 'not found' } });
    if (body.stream) return this.#stream(body, response);
    return sendJson(response, 200, complete(body));
  }

  #list(target: string, request: IncomingMessage, response: ServerResponse): unknown {
    const { key, models = [] } = this.#options;
    const path = target.replace(/\?.*$/, '');
    if (this.healthStalls > 0) return this.healthStalls--;
    if (this.healthStatus !== 200) {
      return response.writeHead(this.healthStatus).end(this.healthBody ?? '');
    }
    if (key !== undefined && !carriesKey(request, key)) {
      // Google says 400, with a reason of its own.
      const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
      return path.startsWith('/v1beta/')
        ? sendJson(response, 400, { error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details } })
        : sendJson(response, 401, { error: { message: 'no' } });
    }
    if (request.headers['x-api-key'] !== undefined && request.headers['anthropic-version'] === undefined)
      return sendJson(response, 400, {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'anthropic-version: header is required' },
      });
    if (path === '/v1beta/models') return sendJson(response, 200, { models: models.map((name) => ({ name: `models/${name}` })) });
    if (path === '/v1/models') return sendJson(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) });
    if (path === '/api/tags') return sendJson(response, 200, { models: models.map((name) => ({ name })) });
    if (path === '/api/ps' && this.resident) return sendJson(response, 200, { models: this.resident.map((name) => ({ name })) });
    if (path === '/health') return sendJson(response, 200, { status: 'ok' });
    return sendJson(response, 404, { error: 'not found' });
  }

  async #say({ type, pieces }: NativeAnswer, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': type });
    for (const piece of pieces) {
      if (response.destroyed) return;
      response.write(piece);
      if (this.gap > 0) await sleep(this.gap);
    }
    response.end();
  }

  async #stream(body: ChatBody, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'openai-processing-ms': '7' });
    for (const event of streamEvents(body)) {
      if (response.destroyed) return;
      response.write(event);
      if (this.gap > 0) await sleep(this.gap);
    }
    response.end();
  }

  async #fail(fault: Fault, received: Received, response: ServerResponse): Promise<void> {
    const streamed = received.body.includes('"stream":true');
    switch (fault.kind) {
      case 'status':
        response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
        response.end(
          fault.body ?? JSON.stringify({ error: { message: `made up ${fault.status}`, type: 'test', param: null, code: 'made_up' } }),
        );
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'stall':
        return;
      case 'empty':
        response.writeHead(200, { 'content-type': streamed ? 'text/event-stream' : 'application/json' });
        response.end();
        return;
      case 'echo-key':
        response.writeHead(400, { 'content-type': 'application/json', 'openai-echo': String(received.headers.authorization) });
        response.end(JSON.stringify({ error: { message: `bad key ${received.headers.authorization}`, headers: received.headers } }));
        return;
      case 'flood':
        return this.#flood(fault.bytes, response);
      case 'stall-mid':
      case 'cut': {
        const events = streamEvents(JSON.parse(received.body.toString('utf8')) as ChatBody);
        if (streamed) response.writeHead(200, { 'content-type': 'text/event-stream' });
        else response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write(streamed ? events.slice(0, 3).join('') : '{"id":"chatcmpl-cut"');
        if (fault.kind === 'cut') {
          if (streamed) response.write('data: {"id":"half an ev');
          await sleep(30);
          response.socket?.destroy();
        }
      }
    }
  }

  async #flood(bytes: number, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const chunk = Buffer.alloc(65_536, 'x');
    while (this.flooded < bytes && !response.destroyed) {
      this.flooded += chunk.length;
      if (!response.write(chunk)) await once(response, 'drain');
    }
    response.end();
  }
}

/** In the header that the caller's dialect has for it. */
function carriesKey({ headers }: IncomingMessage, key: string): boolean {
  return headers.authorization === `Bearer ${key}` || headers['x-api-key'] === key || headers['x-goog-api-key'] === key;
}

interface ChatBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly response_format?: { readonly type: string };
  readonly input?: string | readonly string[];
  readonly encoding_format?: string;
}

const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const WORDS = ['Grüße', ' aus', ' dem', ' Süden', ' 🌞', ' und', ' «tschüss»'];

function identify(body: ChatBody): string {
  return `chatcmpl-${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 12)}`;
}

function complete(body: ChatBody): object {
  const tool = body.tools?.[0];
  const content = body.response_format?.type === 'json_object' ? '{"answer": 42}' : WORDS.join('');
  const message = tool
    ? {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: tool.function.name, arguments: '{"city":"Köln"}' } }],
      }
    : { role: 'assistant', content, refusal: null };
  return {
    id: identify(body),
    object: 'chat.completion',
    created: 1_700_000_000,
    model: body.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: tool ? 'tool_calls' : 'stop' }],
    usage: USAGE,
    system_fingerprint: null,
  };
}

/** Server-sent events as the API sends them, with what a careless proxy would change: a comment, escapes, raw multi-byte text. */
function streamEvents(body: ChatBody): string[] {
  const head = { id: identify(body), object: 'chat.completion.chunk', created: 1_700_000_000, model: body.model };
  const wrap = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const tool = body.tools?.[0];
  const events = [wrap({ role: 'assistant', content: tool ? null : '' }, null), ': a comment that must survive\n\n'];
  if (tool) {
    const call = (fields: object): object => ({ tool_calls: [{ index: 0, ...fields }] });
    events.push(wrap(call({ id: 'call_1', type: 'function', function: { name: tool.function.name, arguments: '' } }), null));
    for (const part of ['{"city"', ':"K\u00f6', 'ln"}']) events.push(wrap(call({ function: { arguments: part } }), null));
  } else for (const word of WORDS) events.push(wrap({ content: word }, null));
  events.push(wrap({}, tool ? 'tool_calls' : 'stop'));
  if (body.stream_options?.include_usage) events.push(`data: ${JSON.stringify({ ...head, choices: [], usage: USAGE })}\n\n`);
  events.push('data: [DONE]\n\n');
  return events;
}

function embed(body: ChatBody): object {
  const inputs = typeof body.input === 'string' ? [body.input] : (body.input ?? []);
  const data = inputs.map((text, index) => {
    const vector = Float32Array.from({ length: 8 }, (_, at) => ((text.charCodeAt(at % Math.max(1, text.length)) || 1) % 17) / 16);
    const embedding = body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  return { object: 'list', data, model: body.model, usage: { prompt_tokens: 3, total_tokens: 3 } };
}

function sendJson(response: ServerResponse, status: number, value: object): ServerResponse {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'openai-version': '2020-10-01',
  });
  return response.end(text);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
