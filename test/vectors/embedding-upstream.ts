import { createHash } from 'node:crypto';
import { type JsonAnswer, type JsonRequest, JsonServer } from './json-server.ts';

const DIMENSIONS = 64;
/** Words that mean the same to this model, and share no letters. */
const MEANINGS: Readonly<Record<string, string>> = { automobile: 'car', vehicle: 'car', physician: 'doctor', feline: 'cat', kitten: 'cat' };

/** A backend of embeddings in OpenAI's API: texts that share meanings are near each other. Deterministic. */
export class EmbeddingUpstream {
  readonly server: JsonServer;
  /** What it calls itself, and its dimensions. */
  model: string;
  dimensions = DIMENSIONS;
  /** Ms before it answers. */
  fault: ((input: readonly string[]) => JsonAnswer | 'reset' | null) | null = null;

  constructor(model: string) {
    this.model = model;
    this.server = new JsonServer((request) => this.#answer(request));
    this.server.fault = ({ path, body }) => (path === '/v1/embeddings' ? (this.fault?.(body.input) ?? null) : null);
  }

  static async start(model = 'test-embeddings'): Promise<EmbeddingUpstream> {
    const upstream = new EmbeddingUpstream(model);
    await upstream.server.listen();
    return upstream;
  }

  get url(): string {
    return this.server.url;
  }

  /** Every text that it was sent. */
  get texts(): string[] {
    return this.server.received.filter(({ path }) => path === '/v1/embeddings').flatMap(({ body }) => body.input as string[]);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  #answer({ method, path, body }: JsonRequest): JsonAnswer {
    if (method === 'GET') return { status: 200, body: { object: 'list', data: [{ id: 'e', object: 'model' }] } };
    if (path !== '/v1/embeddings') return { status: 404, body: { error: { message: 'not found' } } };
    const data = (body.input as string[]).map((text, index) => ({ object: 'embedding', index, embedding: embed(text, this.dimensions) }));
    return { status: 200, body: { object: 'list', model: this.model, data: data.reverse(), usage: { prompt_tokens: 1, total_tokens: 1 } } };
  }
}

export function embed(text: string, dimensions = DIMENSIONS): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  vector[0] = 0.01;
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const digest = createHash('sha256')
      .update(MEANINGS[word] ?? word)
      .digest();
    vector[digest.readUInt32LE(0) % dimensions] += digest[4] % 2 === 0 ? 1 : -1;
  }
  return vector;
}
