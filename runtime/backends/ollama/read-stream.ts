import type { Usage } from '../../../schema/usage.ts';
import { ChunkWriter } from '../translate/chunk-writer.ts';
import { isJsonObject } from '../translate/json-object.ts';
import { JsonLines } from '../translate/json-lines.ts';
import { type Asked, type StreamTranslator, TranslationError } from '../translate/translator.ts';
import { CallReader } from './call-reader.ts';
import { readDoneReason } from './done-reasons.ts';
import { parseObject } from './parse-object.ts';
import { readUsage } from './read-usage.ts';

/**
 * A stream of `/api/chat` as OpenAI's chunks: a line is an object with the next piece of the message, the last one is `done`. Calls come
 * whole. What was said before a failure is passed on first, so that the bytes do not depend on how they came.
 * Source: https://docs.ollama.com/api/streaming
 */
export class OllamaStream implements StreamTranslator {
  readonly #writer: ChunkWriter;
  readonly #lines = new JsonLines((line) => this.#read(line));
  readonly #calls: CallReader;
  #usage: Usage | null = null;
  #complete = false;
  #failure: TranslationError | null = null;
  warnings: readonly string[] = [];

  constructor(asked: Asked) {
    this.#writer = new ChunkWriter(asked);
    this.#calls = new CallReader(asked.id);
  }

  get usage(): Usage | null {
    return this.#usage;
  }

  get isComplete(): boolean {
    return this.#complete;
  }

  push(chunk: Buffer): Buffer {
    const said = this.#run(() => this.#lines.push(chunk));
    if (said.length === 0 && this.#failure !== null) throw this.#failure;
    return said;
  }

  end(): Buffer {
    const rest = this.#run(() => this.#lines.end());
    if (this.#failure !== null) throw this.#failure;
    if (!this.#complete) {
      throw new TranslationError(
        this.#writer.hasBegun ? 'ollama ended the stream before its last line' : 'ollama ended the stream without a line',
      );
    }
    this.#writer.done(this.#usage);
    return Buffer.concat([rest, this.#writer.take()]);
  }

  #run(step: () => void): Buffer {
    if (this.#failure === null) {
      try {
        step();
      } catch (error) {
        if (!(error instanceof TranslationError)) throw error;
        this.#failure = error;
      }
    }
    return this.#writer.take();
  }

  #read(line: string): void {
    if (this.#complete || this.#failure !== null) return;
    const piece = parseObject(line);
    const { message } = piece;
    if (isJsonObject(message)) {
      if (typeof message.thinking === 'string') this.#writer.writeReasoning(message.thinking);
      if (typeof message.content === 'string') this.#writer.writeText(message.content);
      for (const call of this.#calls.read(message.tool_calls)) {
        this.#writer.writeArguments(this.#writer.openTool(call.id, call.name), call.arguments);
      }
    }
    if (piece.done === true) this.#finish(piece.done_reason, readUsage(piece));
  }

  #finish(reason: unknown, usage: Usage | null): void {
    const { finish, warnings } = readDoneReason(reason);
    if (finish === 'failure') throw new TranslationError(`ollama only ${String(reason)}ed the model`);
    this.#usage = usage;
    this.warnings = warnings;
    this.#complete = true;
    this.#writer.finish(finish);
  }
}
