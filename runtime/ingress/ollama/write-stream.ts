import { TranslationError } from '../../backends/translate/translator.ts';
import { type ChatSink, ChatStreamReader } from '../chat-stream.ts';
import type { IngressError, IngressRequest, IngressStream } from '../ingress.ts';
import type { ChatEnd, ChatHead } from '../read-completion.ts';
import { writeCall } from './write-call.ts';
import { writeEnd } from './write-end.ts';
import { writeHead } from './write-head.ts';

/** Most characters of arguments that are held: a call is told whole, in one line. */
const MOST_ARGUMENTS = 1024 * 1024;

/**
 * A chat completions stream as Ollama's lines of JSON.
 * Source: https://docs.ollama.com/api/streaming
 */
export class OllamaStream implements IngressStream, ChatSink {
  readonly #request: IngressRequest;
  readonly #isChat: boolean;
  readonly #reader = new ChatStreamReader(this);
  /** Calls that are not told yet. */
  #calls: { readonly id: string; readonly call: number; readonly name: string; readonly pieces: string[] }[] = [];
  #held = 0;
  #head = '';
  #out = '';
  #hasEnded = false;

  /** @param isChat lines of `/api/chat`; else of `/api/generate`. */
  constructor(request: IngressRequest, isChat: boolean) {
    this.#request = request;
    this.#isChat = isChat;
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
    return Buffer.from(`${JSON.stringify({ error: error.message })}\n`);
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }

  begin(head: ChatHead): void {
    this.#head = JSON.stringify(writeHead(head, this.#request)).slice(0, -1);
  }

  text(text: string): void {
    this.#tellCalls();
    const said = JSON.stringify(text);
    this.#line(this.#isChat ? `"message":{"role":"assistant","content":${said}}` : `"response":${said}`);
  }

  reasoning(text: string): void {
    this.#tellCalls();
    const thought = JSON.stringify(text);
    this.#line(this.#isChat ? `"message":{"role":"assistant","content":"","thinking":${thought}}` : `"response":"","thinking":${thought}`);
  }

  refusal(text: string): void {
    this.text(text);
  }

  openCall(call: number, id: string, name: string): void {
    if (!this.#isChat) throw new TranslationError('the stream calls a tool where none was declared');
    this.#calls.push({ id, call, name, pieces: [] });
  }

  arguments(call: number, text: string): void {
    const open = this.#calls.find((candidate) => candidate.call === call);
    if (open === undefined) throw new TranslationError('the stream gives arguments to a call that it left for another');
    this.#held += text.length;
    if (this.#held > MOST_ARGUMENTS)
      throw new TranslationError(`the arguments of the stream's calls are longer than ${MOST_ARGUMENTS} characters`);
    open.pieces.push(text);
  }

  finish(end: ChatEnd): void {
    this.#tellCalls();
    const said = this.#isChat ? '"message":{"role":"assistant","content":""}' : '"response":""';
    this.#out += `${this.#head},${said},${JSON.stringify(writeEnd(end)).slice(1)}\n`;
    this.#hasEnded = true;
  }

  #tellCalls(): void {
    if (this.#calls.length === 0) return;
    const calls = this.#calls.map(({ id, call, name, pieces }) => writeCall(id, call, name, pieces.join('')));
    this.#calls = [];
    this.#held = 0;
    this.#line(`"message":{"role":"assistant","content":"","tool_calls":${JSON.stringify(calls)}}`);
  }

  #line(said: string): void {
    this.#out += `${this.#head},${said},"done":false}\n`;
  }
}
