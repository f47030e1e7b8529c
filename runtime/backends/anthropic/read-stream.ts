import { ChunkWriter } from '../translate/chunk-writer.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { SseEvents } from '../translate/sse-events.ts';
import { type Asked, type StreamTranslator, TranslationError } from '../translate/translator.ts';
import type { Usage } from '../../../schema/usage.ts';
import { JSON_TOOL } from './json-tool.ts';
import { readErrorEvent } from './read-error.ts';
import { readUsage } from './read-usage.ts';
import { readStopReason } from './stop-reasons.ts';
import { joinThoughts } from './thought-id.ts';
import { ThoughtKeeper } from './thought-keeper.ts';

/** Most blocks of one answer, and most of one thought that is kept for its call. */
const MOST_BLOCKS = 10_000;
const MOST_THOUGHT = 64 * 1024;

/** A block that is being said. */
type OpenBlock =
  | { readonly kind: 'text' | 'unknown' }
  | { readonly kind: 'thinking'; text: string; signature: string; readonly at: number }
  | { readonly kind: 'tool'; readonly tool: number; readonly input: JsonObject; hasArguments: boolean }
  | { readonly kind: 'json'; readonly input: JsonObject; hasArguments: boolean };

/**
 * A stream of the Messages API as OpenAI's chunks.
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export class AnthropicStream implements StreamTranslator {
  readonly #writer: ChunkWriter;
  readonly #events = new SseEvents((data) => this.#read(data));
  readonly #keeper = new ThoughtKeeper();
  /** By the provider's index; null = closed. */
  readonly #blocks = new Map<number, OpenBlock | null>();
  #textLength = 0;
  #stopReason: unknown = null;
  #refusal: string | null = null;
  #usage: Usage | null = null;
  #complete = false;
  #failure: Error | null = null;
  readonly #warnings: string[] = [];

  constructor(asked: Asked) {
    this.#writer = new ChunkWriter(asked);
  }

  get usage(): Usage | null {
    return this.#usage;
  }

  get isComplete(): boolean {
    return this.#complete;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  push(chunk: Buffer): Buffer {
    return this.#run(() => this.#events.push(chunk));
  }

  end(): Buffer {
    const rest = this.#run(() => this.#events.end());
    if (this.#failure !== null) throw this.#failure;
    if (!this.#complete && this.#stopReason === null) {
      throw new TranslationError(this.#writer.hasBegun ? 'the stream ended before its last event' : 'the stream ended without an event');
    }
    this.#complete = true;
    this.#finish();
    this.#writer.done(this.#usage);
    return Buffer.concat([rest, this.#writer.take()]);
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
    const said = this.#writer.take();
    if (said.length === 0 && this.#failure !== null) throw this.#failure;
    return said;
  }

  #read(data: string): void {
    if (this.#complete || this.#failure !== null) return;
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      throw new TranslationError('an event of the stream is no JSON');
    }
    if (!isJsonObject(event) || typeof event.type !== 'string') throw new TranslationError('an event of the stream has no type');
    switch (event.type) {
      case 'message_start':
        this.#start(event);
        break;
      case 'content_block_start':
        this.#open(event);
        break;
      case 'content_block_delta':
        this.#add(event);
        break;
      case 'content_block_stop':
        this.#close(event.index);
        break;
      case 'message_delta':
        this.#change(event);
        break;
      case 'message_stop':
        if (!this.#writer.hasBegun) throw new TranslationError('the stream ends before it begins');
        this.#complete = true;
        this.#finish();
        break;
      case 'error': {
        const answer = readErrorEvent(event);
        throw new TranslationError('the stream reports an error', answer);
      }
    }
  }

  #start(event: JsonObject): void {
    // A second one tells nothing new once figures have come that replace it.
    if (isJsonObject(event.message) && this.#usage === null) this.#usage = readUsage(event.message.usage, null);
    this.#writer.begin();
  }

  #open(event: JsonObject): void {
    const { index, content_block: block } = event;
    if (typeof index !== 'number' || !isJsonObject(block))
      throw new TranslationError('a block of the stream begins without an index or a content');
    if (this.#blocks.has(index)) return;
    if (this.#blocks.size >= MOST_BLOCKS) throw new TranslationError(`the stream has more than ${MOST_BLOCKS} blocks`);
    this.#blocks.set(index, this.#openBlock(block));
  }

  #openBlock(block: JsonObject): OpenBlock {
    switch (block.type) {
      case 'text':
        this.#say(stringOf(block.text));
        return { kind: 'text' };
      case 'thinking':
        this.#writer.writeReasoning(stringOf(block.thinking));
        return { kind: 'thinking', text: stringOf(block.thinking), signature: stringOf(block.signature), at: this.#textLength };
      case 'redacted_thinking':
        this.#keeper.keepRedacted(this.#textLength, stringOf(block.data));
        return { kind: 'unknown' };
      case 'tool_use': {
        if (stringOf(block.id) === '' || stringOf(block.name) === '')
          throw new TranslationError('a tool call of the stream has no id or no name');
        const input = isJsonObject(block.input) ? block.input : {};
        if (block.name === JSON_TOOL) return { kind: 'json', input, hasArguments: false };
        const id = joinThoughts(stringOf(block.id), this.#keeper.take(this.#textLength));
        const tool = this.#writer.openTool(id, stringOf(block.name));
        return { kind: 'tool', tool, input, hasArguments: false };
      }
    }
    return { kind: 'unknown' };
  }

  #add(event: JsonObject): void {
    const { index, delta } = event;
    if (!isJsonObject(delta)) throw new TranslationError('a piece of the stream has no content');
    const block = this.#blocks.get(index as number);
    switch (delta.type) {
      case 'text_delta':
        this.#say(stringOf(delta.text));
        break;
      case 'thinking_delta':
        this.#writer.writeReasoning(stringOf(delta.thinking));
        if (block?.kind === 'thinking' && block.text.length <= MOST_THOUGHT) block.text += stringOf(delta.thinking);
        break;
      case 'signature_delta':
        if (block?.kind === 'thinking') block.signature = stringOf(delta.signature);
        break;
      case 'input_json_delta':
        this.#addInput(block, stringOf(delta.partial_json));
        break;
    }
  }

  #addInput(block: OpenBlock | null | undefined, text: string): void {
    if (block === undefined) throw new TranslationError('the stream gives arguments to a call that it did not begin');
    if (text === '' || block === null || (block.kind !== 'tool' && block.kind !== 'json')) return;
    block.hasArguments = true;
    if (block.kind === 'tool') this.#writer.writeArguments(block.tool, text);
    else this.#say(text);
  }

  #close(index: unknown): void {
    const block = this.#blocks.get(index as number);
    if (block === undefined || block === null) return;
    this.#blocks.set(index as number, null);
    if (block.kind === 'thinking') this.#keeper.keepThinking(block.at, block.text, block.signature);
    if (block.kind !== 'tool' && block.kind !== 'json') return;
    // Some servers give the whole input with the block's beginning.
    if (!block.hasArguments) this.#addInput(block, JSON.stringify(block.input));
  }

  #change(event: JsonObject): void {
    this.#usage = readUsage(event.usage, this.#usage);
    const { delta } = event;
    if (!isJsonObject(delta) || delta.stop_reason === null || delta.stop_reason === undefined) return;
    this.#stopReason = delta.stop_reason;
    if (isJsonObject(delta.stop_details) && typeof delta.stop_details.explanation === 'string')
      this.#refusal = delta.stop_details.explanation;
  }

  #finish(): void {
    for (const index of this.#blocks.keys()) this.#close(index);
    if (this.#refusal !== null) this.#writer.writeRefusal(this.#refusal);
    this.#refusal = null;
    const { finish, warnings } = readStopReason(this.#stopReason);
    if (!this.#writer.isFinished) this.#warnings.push(...warnings);
    this.#writer.finish(finish === 'tool_calls' && this.#writer.toolCalls === 0 ? 'stop' : finish);
  }

  #say(text: string): void {
    this.#textLength += text.length;
    this.#writer.writeText(text);
  }
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
