import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import { RequestNotes } from '../../backends/translate/request-notes.ts';
import { TranslationError } from '../../backends/translate/translator.ts';
import { KeyTable } from '../../intent/key-table.ts';
import type { Ingress, IngressRequest } from '../ingress.ts';
import { ParameterReader } from '../parameter-reader.ts';
import { judgeParameters } from '../parameters.ts';
import { readBody } from '../read-body.ts';
import { readChatError } from '../read-chat-error.ts';
import { spliceNative } from '../splice-native.ts';
import { EMBED_PARAMETERS } from './parameters.ts';
import { writeError } from './write-error.ts';

const KEYS = new KeyTable(Object.keys(EMBED_PARAMETERS));

/** Ollama's `POST /api/embed`, over OpenAI's embeddings. Source: https://docs.ollama.com/api/embed */
export const ollamaEmbedIngress: Ingress = {
  name: 'ollama-embed',
  endpoint: 'embeddings',
  streamType: 'application/x-ndjson',
  read,
  writeAnswer,
  openStream: () => {
    throw new Error('embeddings are never streamed');
  },
  writeError,
  native: (body, model) => spliceNative(body, model, null, 'num_predict'),
};

function read(buffer: Buffer): IngressRequest {
  const body = readBody(buffer, KEYS);
  const notes = new RequestNotes();
  judgeParameters(body, EMBED_PARAMETERS, notes);
  const reader = new ParameterReader(body, notes);
  const model = reader.model();
  const input = typeof body.input === 'string' ? [body.input] : reader.strings('input');
  if (input === undefined || input.length === 0 || input.includes('')) notes.refuse('input', '`input` is missing or holds an empty text');
  const asked = { model, input, encoding_format: 'float', dimensions: reader.integer('dimensions', 1) };
  const warnings = notes.close();
  const chat = Buffer.from(JSON.stringify(asked));
  return { chat, pivot: chat, stream: false, model, mayGoNative: true, leastCap: 0, warnings, echo: { texts: input!.length } };
}

function writeAnswer(answer: Buffer, request: IngressRequest): Buffer {
  const value = parse(answer);
  if (isJsonObject(value.error)) throw new TranslationError('the answer is an error', readChatError(value.error));
  const list = Array.isArray(value.data) ? value.data : [];
  const vectors: unknown[] = new Array(list.length).fill(undefined);
  for (const [at, entry] of list.entries()) {
    const index = isJsonObject(entry) && Number.isSafeInteger(entry.index) ? (entry.index as number) : at;
    if (isJsonObject(entry) && index >= 0 && index < list.length) vectors[index] = readVector(entry.embedding);
  }
  if (list.length !== request.echo.texts || vectors.some((vector) => vector === undefined))
    throw new TranslationError('the answer holds not one embedding for each text');
  const usage = isJsonObject(value.usage) && Number.isSafeInteger(value.usage.prompt_tokens) ? value.usage.prompt_tokens : undefined;
  const model = typeof value.model === 'string' && value.model !== '' ? value.model : request.model;
  return Buffer.from(JSON.stringify({ model, embeddings: vectors, prompt_eval_count: usage }));
}

/** Numbers, or float32 in little endian as base64, which some servers send unasked. */
function readVector(embedding: unknown): readonly number[] | undefined {
  if (Array.isArray(embedding) && embedding.every((item) => typeof item === 'number')) return embedding;
  if (typeof embedding !== 'string') return undefined;
  const bytes = Buffer.from(embedding, 'base64');
  return Array.from({ length: bytes.length >> 2 }, (_, at) => bytes.readFloatLE(4 * at));
}

function parse(answer: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(answer.toString());
    if (isJsonObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new TranslationError('the answer is no list of embeddings');
}
