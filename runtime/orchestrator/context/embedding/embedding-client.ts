import { Agent, type Dispatcher } from 'undici';

/** Most of an answer that is read, in bytes: a batch of vectors of the largest models takes 2 MB. */
const LONGEST = 32 << 20;
const CONNECTIONS = 8;

/** Why there are no embeddings. `input`: of this text there are none to be had; otherwise asking later may help, after `retryAfter` ms. */
export class EmbeddingError extends Error {
  readonly input: boolean;
  readonly retryAfter: number | null;

  constructor(message: string, input = false, retryAfter: number | null = null) {
    super(message);
    this.name = 'EmbeddingError';
    this.input = input;
    this.retryAfter = retryAfter;
  }
}

export interface Embeddings {
  /** What answered, in its own words. */
  readonly model: string;
  readonly vectors: readonly Float32Array[];
}

/** Asks this very server for embeddings, like everybody: under its policy, its budgets, its limits. */
export class EmbeddingClient {
  readonly #url: () => string | null;
  readonly #key: string | null;
  readonly #agent = new Agent({ connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });

  constructor(url: () => string | null, key: string | null) {
    this.#url = url;
    this.#key = key;
  }

  /** The body of a request: what is looked at for privacy is what is sent. */
  write(model: string, input: readonly string[]): Buffer {
    return Buffer.from(JSON.stringify({ model, input, encoding_format: 'float' }));
  }

  /** @throws EmbeddingError */
  async ask(body: Buffer, count: number, signal: AbortSignal): Promise<Embeddings> {
    const origin = this.#url();
    if (origin === null) throw new EmbeddingError('the server does not listen yet');
    let status: number;
    let headers: Dispatcher.ResponseData['headers'];
    let text: string;
    try {
      const authorization = this.#key === null ? {} : { authorization: `Bearer ${this.#key}` };
      const answer = await this.#agent.request({
        origin,
        path: '/v1/embeddings',
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body,
        signal,
      });
      ({ statusCode: status, headers } = answer);
      text = await readText(answer.body);
    } catch (cause) {
      if (cause instanceof EmbeddingError) throw cause;
      throw new EmbeddingError(signal.aborted ? 'embeddings took too long' : `embeddings cannot be asked for: ${(cause as Error).message}`);
    }
    if (status !== 200) {
      const seconds = Number(headers['retry-after']);
      const message = readMessage(text) ?? text.slice(0, 200);
      throw new EmbeddingError(`embeddings: ${status}: ${message}`, [400, 413, 422].includes(status), seconds > 0 ? seconds * 1_000 : null);
    }
    return read(text, count);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** https://platform.openai.com/docs/api-reference/embeddings/create: `data` may come in any order. */
function read(text: string, count: number): Embeddings {
  let answer: { model?: unknown; data?: readonly { index?: number; embedding?: unknown }[] };
  try {
    answer = JSON.parse(text);
  } catch {
    throw new EmbeddingError('embeddings came as no json');
  }
  const vectors: Float32Array[] = [];
  for (const [row, { index, embedding }] of (Array.isArray(answer.data) ? answer.data : []).entries()) {
    if (Array.isArray(embedding) && embedding.every((value) => Number.isFinite(value)))
      vectors[index ?? row] = Float32Array.from(embedding);
  }
  const dimensions = vectors[0]?.length ?? 0;
  const isWhole = vectors.length === count && dimensions > 0 && Array.from(vectors).every((vector) => vector?.length === dimensions);
  if (!isWhole) throw new EmbeddingError(`embeddings came for ${Object.keys(vectors).length} of ${count} texts, or not all alike`);
  return { model: typeof answer.model === 'string' ? answer.model : '', vectors };
}

function readMessage(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    return error?.message?.slice(0, 300) ?? null;
  } catch {
    return null;
  }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST) throw new EmbeddingError(`embeddings came in more than ${LONGEST} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
