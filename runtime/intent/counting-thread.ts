import { parentPort } from 'node:worker_threads';
import type { Endpoint, Encoding } from '../../schema/vocabulary.ts';
import { CountMemory } from './count-memory.ts';
import { readRequestBody } from './request-body.ts';
import { countTokens } from './token-count.ts';
import type { TextCount } from './tokens/count-text.ts';

/** What `TokenCounter` asks. */
export interface CountQuestion {
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly body: Uint8Array;
  readonly encoding: Encoding;
  readonly limit: number;
}

export interface CountAnswer {
  readonly id: number;
  /** Null: the work it would take is out of proportion. */
  readonly count: TextCount | null;
}

/** Most work for one request, in bytes that are looked up: 16 MB of English, or a fifth of a second of text that is made to cost time. */
const MOST_WORK = 16_000_000;

/** The thread that counts what takes too long on the event loop. */
const port = parentPort!;
const memory = new CountMemory();
port.on('message', ({ id, endpoint, body, encoding, limit }: CountQuestion) => {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const tokens = countTokens(readRequestBody(endpoint, buffer), memory, MOST_WORK);
  const counted = tokens.exact(encoding, limit);
  const count = tokens.pending === null ? { tokens: counted, exact: tokens.isExact(encoding) } : null;
  port.postMessage({ id, count } satisfies CountAnswer);
});
