import { DONE_EVENT } from './done-event.ts';
import type { FinishReason } from './finish-reason.ts';
import type { Asked } from './translator.ts';
import type { Usage } from '../../../schema/usage.ts';
import { writeUsage } from './usage.ts';

/**
 * Says a stream in OpenAI's chunks, in their order: role, content and tool calls with an own running index, finish, usage if asked for,
 * `[DONE]`. Collects what was said until it is taken.
 * Source of the format: https://platform.openai.com/docs/api-reference/chat/streaming
 */
export class ChunkWriter {
  readonly #head: string;
  readonly #tail: string;
  readonly #asked: Asked;
  #out = '';
  #begun = false;
  #finished = false;
  /** Per tool call: has it been given any argument? */
  readonly #hasArguments: boolean[] = [];

  constructor(asked: Asked) {
    this.#asked = asked;
    this.#head = `data: {"id":${JSON.stringify(asked.id)},"object":"chat.completion.chunk","created":${asked.created},"model":${JSON.stringify(asked.model)},"choices":[`;
    this.#tail = asked.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  /** Something has been said or is sure to be: the role chunk went first. */
  get hasBegun(): boolean {
    return this.#begun;
  }

  get isFinished(): boolean {
    return this.#finished;
  }

  get toolCalls(): number {
    return this.#hasArguments.length;
  }

  /** Everything said since the last call. */
  take(): Buffer {
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }

  /** The role chunk; once, however often it is called. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#delta('{"role":"assistant","content":"","refusal":null}', 'null');
  }

  writeText(text: string): void {
    if (text !== '') this.#say(`{"content":${JSON.stringify(text)}}`);
  }

  /** What the model thought, in the field that plain clients know it by. */
  writeReasoning(text: string): void {
    if (text !== '') this.#say(`{"reasoning_content":${JSON.stringify(text)}}`);
  }

  /** The provider's words on why it refused. */
  writeRefusal(text: string): void {
    if (text !== '') this.#say(`{"refusal":${JSON.stringify(text)}}`);
  }

  /** A tool call begins. Returns its index, for the two below. */
  openTool(id: string, name: string): number {
    const index = this.#hasArguments.push(false) - 1;
    this.#say(
      `{"tool_calls":[{"index":${index},"id":${JSON.stringify(id)},"type":"function","function":{"name":${JSON.stringify(name)},"arguments":""}}]}`,
    );
    return index;
  }

  /** A piece of the arguments' JSON text. */
  writeArguments(index: number, text: string): void {
    if (text === '') return;
    this.#hasArguments[index] = true;
    this.#say(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(text)}}}]}`);
  }

  /** A call without arguments gets `{}`, so that what a client accumulates is JSON. */
  closeTool(index: number): void {
    if (!this.#hasArguments[index]) this.writeArguments(index, '{}');
  }

  /** The finish chunk; once. A `stop` after tool calls is `tool_calls`: clients act on that word alone. */
  finish(reason: FinishReason): void {
    if (this.#finished) return;
    this.begin();
    this.#finished = true;
    this.#delta('{}', reason === 'stop' && this.toolCalls > 0 ? '"tool_calls"' : `"${reason}"`);
  }

  /** Usage, if the caller asked for it, and the end of the stream. */
  done(usage: Usage | null): void {
    if (this.#asked.includeUsage && usage !== null) this.#out += `${this.#head}],"usage":${JSON.stringify(writeUsage(usage))}}\n\n`;
    this.#out += DONE_EVENT;
  }

  #say(delta: string): void {
    this.begin();
    this.#delta(delta, 'null');
  }

  #delta(delta: string, reason: string): void {
    this.#out += `${this.#head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}${this.#tail}`;
  }
}
