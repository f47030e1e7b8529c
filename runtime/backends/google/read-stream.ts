import { ChunkWriter } from '../translate/chunk-writer.ts';
import type { FinishReason } from '../translate/finish-reason.ts';
import { SseEvents } from '../translate/sse-events.ts';
import { type Asked, type StreamTranslator, TranslationError } from '../translate/translator.ts';
import type { Usage } from '../../../schema/usage.ts';
import { CallIds } from './call-ids.ts';
import { describeFailure } from './describe-failure.ts';
import { isBlocked } from './is-blocked.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { readLateError } from './read-error.ts';
import { PartialArguments } from './partial-arguments.ts';
import { readFinish } from './read-finish.ts';
import { readPart } from './read-part.ts';
import { UsageReader } from './read-usage.ts';

const EVENT_LIMIT = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * `streamGenerateContent?alt=sse`: every event is a whole `GenerateContentResponse` with the next parts; the last one tells why it ended.
 * What was said before a failure is passed on first, so that the bytes do not depend on how they came.
 * Source: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export class GoogleStream implements StreamTranslator {
  readonly #writer: ChunkWriter;
  readonly #events = new SseEvents((data) => this.#read(data), EVENT_LIMIT);
  readonly #ids: CallIds;
  readonly #usage = new UsageReader();
  #finish: FinishReason | null = null;
  /** The call whose arguments come in pieces. */
  #open: { readonly id: unknown; readonly index: number; readonly pieces: PartialArguments } | null = null;
  #failure: TranslationError | null = null;
  warnings: readonly string[] = [];

  constructor(asked: Asked) {
    this.#writer = new ChunkWriter(asked);
    this.#ids = new CallIds(asked.id);
  }

  get usage(): Usage | null {
    return this.#usage.usage;
  }

  get isComplete(): boolean {
    return this.#failure === null && this.#finish !== null && this.#usage.usage !== null;
  }

  push(chunk: Buffer): Buffer {
    return this.#attempt(() => this.#events.push(chunk));
  }

  end(): Buffer {
    const bytes = this.#attempt(() => {
      this.#events.end();
      if (this.#failure) return;
      if (this.#finish === null) throw new TranslationError('google ended the stream before the answer');
      this.#closeCall();
      this.#writer.finish(this.#finish);
      this.#writer.done(this.usage);
    });
    // Nobody asks again: what the last, unfinished event said goes with the failure.
    if (this.#failure) throw this.#failure;
    return bytes;
  }

  #attempt(work: () => void): Buffer {
    if (this.#failure) throw this.#failure;
    try {
      work();
    } catch (error) {
      if (!(error instanceof TranslationError)) throw error;
      this.#failure = error;
    }
    const bytes = this.#writer.take();
    if (this.#failure && bytes.length === 0) throw this.#failure;
    return bytes.length === 0 ? NOTHING : bytes;
  }

  #read(data: string): void {
    // A line that other servers end their streams with.
    if (data === '[DONE]') return;
    const event = parse(data);
    if (event.error !== undefined) throw new TranslationError(describeFailure(event.error), readLateError(event.error));
    this.#usage.read(event.usageMetadata);
    const candidate = Array.isArray(event.candidates) ? event.candidates[0] : undefined;
    if (isJsonObject(candidate)) this.#readCandidate(candidate);
    else if (isBlocked(event)) this.#finish = 'content_filter';
  }

  #readCandidate(candidate: JsonObject): void {
    const parts = isJsonObject(candidate.content) ? (candidate.content.parts ?? []) : [];
    if (!Array.isArray(parts)) throw new TranslationError('the parts of an event are no list');
    for (const item of parts) {
      const part = readPart(item);
      if (part.kind === 'text') this.#writer.writeText(part.text);
      else if (part.kind === 'thought') this.#writer.writeReasoning(part.text);
      else if (part.kind === 'call') this.#readCall(part.call, part.signature);
    }
    const reason = candidate.finishReason;
    if (typeof reason !== 'string') return;
    const { finish, warnings } = readFinish(reason);
    if (finish === 'failure') throw new TranslationError(describeFailure({ status: reason, message: candidate.finishMessage }));
    this.#finish = finish;
    this.warnings = warnings;
  }

  #readCall(call: JsonObject, signature: string | null): void {
    const isNext = this.#open !== null && (call.name === undefined || (call.id !== undefined && call.id === this.#open.id));
    if (!isNext && !this.#beginCall(call, signature)) return;
    if (this.#open === null) return;
    if (call.partialArgs !== undefined) this.#open.pieces.add(call.partialArgs);
    if (call.willContinue !== true) this.#closeCall();
  }

  /** False where the call was told before. */
  #beginCall(call: JsonObject, signature: string | null): boolean {
    if (typeof call.name !== 'string') {
      // An empty one only says that the pieces ended.
      if (call.args === undefined && call.partialArgs === undefined) return false;
      throw new TranslationError('a call of the answer has no name');
    }
    this.#closeCall();
    const id = this.#ids.next(call.id, signature);
    if (id === null) return false;
    const index = this.#writer.openTool(id, call.name);
    if (call.willContinue === true || call.partialArgs !== undefined) this.#open = { id: call.id, index, pieces: new PartialArguments() };
    else this.#writer.writeArguments(index, JSON.stringify(call.args ?? {}));
    return true;
  }

  #closeCall(): void {
    if (this.#open === null) return;
    this.#writer.writeArguments(this.#open.index, this.#open.pieces.toJson());
    this.#open = null;
  }
}

/** Errors may come wrapped in a list. */
function parse(data: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new TranslationError('an event of the stream is not JSON');
  }
  const event = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (!isJsonObject(event)) throw new TranslationError('an event of the stream is no object');
  return event;
}
