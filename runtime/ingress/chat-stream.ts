import { isJsonObject, type JsonObject } from '../backends/translate/json-object.ts';
import { SseEvents } from '../backends/translate/sse-events.ts';
import { TranslationError } from '../backends/translate/translator.ts';
import type { Usage } from '../../schema/usage.ts';
import { readChatError } from './read-chat-error.ts';
import { type ChatEnd, type ChatHead, readHead, readStop } from './read-completion.ts';
import { readFinish } from './read-finish.ts';
import { readUsage } from './read-usage.ts';

/** More calls than this are a model that runs wild. */
const MOST_CALLS = 1024;

/** Takes what a chat completions stream says, in its order. */
export interface ChatSink {
  /** Once, before all else. */
  begin(head: ChatHead): void;
  text(text: string): void;
  reasoning(text: string): void;
  refusal(text: string): void;
  /** Calls are numbered from 0 in the order of their beginnings. */
  openCall(call: number, id: string, name: string): void;
  /** A piece of the arguments' JSON text, of any call that was begun. */
  arguments(call: number, text: string): void;
  /** Once, at the end. */
  finish(end: ChatEnd): void;
  /** Everything written since the last call. */
  take(): Buffer;
}

interface Call {
  readonly number: number;
  readonly id: string;
}

/**
 * Reads a chat completions stream, however its bytes are cut, and tells a sink. Holds no more than one event and the calls' ids. Servers
 * differ in how they number calls: an index that comes with another id and a name is another call.
 * Source: https://platform.openai.com/docs/api-reference/chat/streaming
 */
export class ChatStreamReader {
  readonly #sink: ChatSink;
  readonly #events = new SseEvents((data) => this.#read(data));
  #head: ChatHead | null = null;
  /** By the stream's index. */
  readonly #calls = new Map<number, Call>();
  #count = 0;
  #finish: unknown = null;
  #stop: string | null = null;
  #usage: Usage | null = null;
  #complete = false;
  #failure: Error | null = null;

  constructor(sink: ChatSink) {
    this.#sink = sink;
  }

  /** The last event has been said. */
  get isComplete(): boolean {
    return this.#complete;
  }

  push(chunk: Buffer): Buffer {
    return this.#run(() => this.#events.push(chunk));
  }

  end(): Buffer {
    const rest = this.#run(() => this.#events.end());
    if (this.#failure !== null) throw this.#failure;
    if (this.#complete) return rest;
    if (this.#finish === null)
      throw new TranslationError(this.#head === null ? 'the stream ended without an event' : 'the stream ended before its last event');
    this.#close();
    return Buffer.concat([rest, this.#sink.take()]);
  }

  /** What was said before a failure is handed out first, so that it depends on no cut between chunks. */
  #run(step: () => void): Buffer {
    if (this.#failure === null) {
      try {
        step();
      } catch (error) {
        this.#failure = error as Error;
      }
    }
    const said = this.#sink.take();
    if (said.length === 0 && this.#failure !== null) throw this.#failure;
    return said;
  }

  #read(data: string): void {
    if (this.#complete || this.#failure !== null) return;
    if (data === '[DONE]') {
      if (this.#head === null) throw new TranslationError('the stream ends before it begins');
      this.#close();
      return;
    }
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch {
      throw new TranslationError('an event of the stream is no JSON');
    }
    if (!isJsonObject(chunk)) throw new TranslationError('an event of the stream is no object');
    if (isJsonObject(chunk.error)) throw new TranslationError('the stream reports an error', readChatError(chunk.error));
    // An event of a kind that is not known yet.
    if (!Array.isArray(chunk.choices)) return;
    if (this.#head === null) {
      this.#head = readHead(chunk);
      this.#sink.begin(this.#head);
    }
    this.#usage = readUsage(chunk.usage) ?? this.#usage;
    for (const choice of chunk.choices) if (isJsonObject(choice) && (choice.index ?? 0) === 0) this.#readChoice(choice);
  }

  #readChoice(choice: JsonObject): void {
    const { delta } = choice;
    if (isJsonObject(delta)) {
      const thought = delta.reasoning_content ?? delta.reasoning;
      if (typeof thought === 'string' && thought !== '') this.#sink.reasoning(thought);
      if (typeof delta.content === 'string' && delta.content !== '') this.#sink.text(delta.content);
      if (typeof delta.refusal === 'string' && delta.refusal !== '') this.#sink.refusal(delta.refusal);
      if (Array.isArray(delta.tool_calls)) for (const call of delta.tool_calls) this.#readCall(call);
    }
    if (choice.finish_reason !== null && choice.finish_reason !== undefined) {
      this.#finish = choice.finish_reason;
      this.#stop = readStop(choice);
    }
  }

  #readCall(piece: unknown): void {
    if (!isJsonObject(piece)) throw new TranslationError('a tool call of the stream is no object');
    const called = isJsonObject(piece.function) ? piece.function : {};
    const id = typeof piece.id === 'string' ? piece.id : '';
    const name = typeof called.name === 'string' ? called.name : '';
    const index = typeof piece.index === 'number' ? piece.index : id === '' ? this.#count - 1 : this.#count;
    let call = this.#calls.get(index);
    if (call === undefined || (id !== '' && id !== call.id && name !== '')) {
      if (name === '') throw new TranslationError('a tool call of the stream begins without a name');
      if (this.#count === MOST_CALLS) throw new TranslationError(`the stream makes more than ${MOST_CALLS} calls`);
      call = { number: this.#count, id: id === '' ? `call_${this.#head!.stem}_${this.#count}` : id };
      this.#count++;
      this.#calls.set(index, call);
      this.#sink.openCall(call.number, call.id, name);
    }
    if (typeof called.arguments === 'string' && called.arguments !== '') this.#sink.arguments(call.number, called.arguments);
    else if (isJsonObject(called.arguments)) this.#sink.arguments(call.number, JSON.stringify(called.arguments));
  }

  #close(): void {
    this.#complete = true;
    this.#sink.finish({ finish: readFinish(this.#finish, this.#count), stop: this.#stop, usage: this.#usage });
  }
}
