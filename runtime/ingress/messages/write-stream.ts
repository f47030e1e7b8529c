import { splitThoughts } from '../../backends/anthropic/thought-id.ts';
import type { ThoughtBlock } from '../../backends/anthropic/wire.ts';
import { TranslationError } from '../../backends/translate/translator.ts';
import { type ChatSink, ChatStreamReader } from '../chat-stream.ts';
import type { IngressError, IngressRequest, IngressStream } from '../ingress.ts';
import type { ChatEnd, ChatHead } from '../read-completion.ts';
import { sayError } from './write-error.ts';
import { writeStop } from './write-stop.ts';
import { writeUsage } from './write-usage.ts';

type Kind = 'text' | 'thinking' | 'call';

/**
 * A chat completions stream as the Messages API's events, one block after the other.
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export class MessagesStream implements IngressStream, ChatSink {
  readonly #request: IngressRequest;
  readonly #reader = new ChatStreamReader(this);
  #out = '';
  #index = -1;
  #open: Kind | null = null;
  #call = -1;
  #refusal: string | null = null;
  /** Characters said and thought so far; thoughts since the last call or text. */
  #textLength = 0;
  #thought = 0;
  /** Something was thought that a call's id may have to carry. */
  #hasLoose = false;
  /** Every thought with a signature could be said as a block so far. */
  #isClean = true;
  #hasEnded = false;

  constructor(request: IngressRequest) {
    this.#request = request;
  }

  push(chunk: Buffer): Buffer {
    return this.#reader.push(chunk);
  }

  end(): Buffer {
    return this.#reader.end();
  }

  fail(error: IngressError): Buffer {
    if (this.#hasEnded) return Buffer.alloc(0);
    this.#hasEnded = true;
    return Buffer.from(`event: error\ndata: ${JSON.stringify(sayError(error))}\n\n`);
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }

  begin(head: ChatHead): void {
    this.#say('message_start', {
      message: {
        id: `msg_${head.stem}`,
        type: 'message',
        role: 'assistant',
        model: head.model || this.#request.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        container: null,
        diagnostics: null,
        usage: writeUsage(null),
      },
    });
  }

  text(text: string): void {
    if (this.#open !== 'text') this.#begin('text', '{"type":"text","text":"","citations":null}');
    this.#textLength += text.length;
    this.#delta(`{"type":"text_delta","text":${JSON.stringify(text)}}`);
  }

  reasoning(text: string): void {
    if (this.#open !== 'thinking') {
      this.#begin('thinking', '{"type":"thinking","thinking":"","signature":""}');
      this.#thought = 0;
      this.#hasLoose = true;
    }
    this.#thought += text.length;
    this.#delta(`{"type":"thinking_delta","thinking":${JSON.stringify(text)}}`);
  }

  refusal(text: string): void {
    this.#refusal = (this.#refusal ?? '') + text;
    this.text(text);
  }

  openCall(call: number, id: string, name: string): void {
    const wire = this.#settleThoughts(id);
    this.#begin(
      'call',
      `{"type":"tool_use","id":${JSON.stringify(wire)},"name":${JSON.stringify(name)},"input":{},"caller":{"type":"direct"}}`,
    );
    this.#call = call;
    this.#hasLoose = false;
  }

  arguments(call: number, text: string): void {
    if (call !== this.#call || this.#open !== 'call')
      throw new TranslationError('the stream gives arguments to a call that it left for another');
    this.#delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(text)}}`);
  }

  finish(end: ChatEnd): void {
    this.#close();
    const { server_tool_use, output_tokens_details, output_tokens, input_tokens, ...rest } = writeUsage(end.usage);
    this.#say('message_delta', {
      delta: { ...writeStop(end, this.#refusal, this.#request.echo), container: null },
      usage: {
        input_tokens,
        cache_creation_input_tokens: rest.cache_creation_input_tokens,
        cache_read_input_tokens: rest.cache_read_input_tokens,
        output_tokens,
        output_tokens_details,
        server_tool_use,
      },
    });
    this.#say('message_stop', {});
    this.#hasEnded = true;
  }

  /**
   * The id that a call is told by. Its thoughts are said as blocks where that is still possible: a thought gets its signature while it is
   * the block that is being said. Else the id goes on carrying them, this one and every later one, for all or none must come back.
   */
  #settleThoughts(joined: string): string {
    const { id, carried } = splitThoughts(joined);
    if (carried === null) return joined;
    const [first, ...others] = carried.thoughts.map((thought) => thought.block);
    const isThought = first?.type === 'thinking';
    const redacted = (isThought ? others : carried.thoughts.map((thought) => thought.block)).filter(isRedacted);
    const isHere = carried.at === this.#textLength && carried.thoughts.every(({ at }) => at === this.#textLength);
    const fits = isThought ? this.#open === 'thinking' && first.thinking.length === this.#thought : !this.#hasLoose;
    this.#isClean &&= isHere && fits && redacted.length + (isThought ? 1 : 0) === carried.thoughts.length;
    if (!this.#isClean) return joined;
    if (isThought) this.#delta(`{"type":"signature_delta","signature":${JSON.stringify(first.signature)}}`);
    for (const block of redacted) this.#begin('thinking', JSON.stringify(block));
    return id;
  }

  #begin(kind: Kind, block: string): void {
    this.#close();
    this.#open = kind;
    this.#index++;
    this.#out += `event: content_block_start\ndata: {"type":"content_block_start","index":${this.#index},"content_block":${block}}\n\n`;
  }

  #delta(delta: string): void {
    this.#out += `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":${delta}}\n\n`;
  }

  #close(): void {
    if (this.#open === null) return;
    this.#open = null;
    this.#out += `event: content_block_stop\ndata: {"type":"content_block_stop","index":${this.#index}}\n\n`;
  }

  #say(type: string, event: object): void {
    this.#out += `event: ${type}\ndata: ${JSON.stringify({ type, ...event })}\n\n`;
  }
}

function isRedacted(block: ThoughtBlock): boolean {
  return block.type === 'redacted_thinking';
}
