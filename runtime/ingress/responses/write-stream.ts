import type { JsonObject } from '../../backends/translate/json-object.ts';
import { TranslationError } from '../../backends/translate/translator.ts';
import { type ChatSink, ChatStreamReader } from '../chat-stream.ts';
import type { IngressError, IngressRequest, IngressStream } from '../ingress.ts';
import type { ChatEnd, ChatHead } from '../read-completion.ts';
import { rawText } from '../raw-text.ts';
import { splitCarried } from './carried.ts';
import { itemId } from './wire.ts';
import { writeFailure } from './write-error.ts';
import { writeCall, writeMessage, writeOutputText, writeReasoning, writeRefusal } from './write-items.ts';
import { endOf, IN_PROGRESS, type ResponseState, writeResponse } from './write-response.ts';

/** Most characters of an answer: its last event repeats all of it. */
const MOST_TEXT = 8 * 1024 * 1024;

/** The item that is being said. Pieces are joined once, at its end. */
type Open =
  | { readonly kind: 'reasoning'; readonly id: string; readonly pieces: string[] }
  | { readonly kind: 'message'; readonly id: string; readonly content: JsonObject[]; part: 'text' | 'refusal' | null; pieces: string[] }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly call: number;
      readonly callId: string;
      readonly name: string;
      readonly pieces: string[];
    };

/**
 * A chat completions stream as the Responses API's events, one item after the other.
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming
 */
export class ResponsesStream implements IngressStream, ChatSink {
  readonly #request: IngressRequest;
  readonly #encrypts: boolean;
  readonly #reader = new ChatStreamReader(this);
  readonly #output: JsonObject[] = [];
  #out = '';
  #sequence = 0;
  #length = 0;
  #head: ChatHead = { stem: '0', created: 0, model: '' };
  #hasBegun = false;
  #hasEnded = false;
  #open: Open | null = null;

  constructor(request: IngressRequest) {
    this.#request = request;
    this.#encrypts = request.echo.encrypts === true;
  }

  push(chunk: Buffer): Buffer {
    return this.#reader.push(chunk);
  }

  end(): Buffer {
    return this.#reader.end();
  }

  fail(error: IngressError): Buffer {
    if (this.#hasEnded) return Buffer.alloc(0);
    if (!this.#hasBegun) {
      // The stream was another server's: nothing is known of its response, not even a number.
      this.#hasEnded = true;
      this.#say('error', { ...writeFailure(error), param: null });
      return this.take();
    }
    this.#close('incomplete');
    this.#end('response.failed', { status: 'failed', reason: null, error: writeFailure(error), output: this.#output, usage: null });
    return this.take();
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }

  begin(head: ChatHead): void {
    this.#head = head;
    this.#hasBegun = true;
    const response = writeResponse(head, this.#request, IN_PROGRESS);
    this.#say('response.created', { response });
    this.#say('response.in_progress', { response });
  }

  text(text: string): void {
    this.#speak('text', text);
  }

  refusal(text: string): void {
    this.#speak('refusal', text);
  }

  reasoning(text: string): void {
    let open = this.#open;
    if (open?.kind !== 'reasoning') {
      open = this.#begin({ kind: 'reasoning', id: this.#id('rs'), pieces: [] }, (id) => writeReasoning(id, null, null, 'in_progress'));
      this.#say('response.reasoning_summary_part.added', { ...this.#at(open), summary_index: 0, part: { type: 'summary_text', text: '' } });
    }
    this.#keep(open.pieces, text);
    this.#say('response.reasoning_summary_text.delta', { ...this.#at(open), summary_index: 0, delta: text });
  }

  openCall(call: number, joined: string, name: string): void {
    const { id, carried } = this.#encrypts ? splitCarried(joined) : { id: joined, carried: null };
    if (carried !== null) this.#seal(carried);
    this.#begin({ kind: 'call', id: this.#id('fc'), call, callId: id, name, pieces: [] }, (item) =>
      writeCall(item, id, name, '', 'in_progress'),
    );
  }

  arguments(call: number, text: string): void {
    const open = this.#open;
    if (open?.kind !== 'call' || open.call !== call)
      throw new TranslationError('the stream gives arguments to a call that it left for another');
    this.#keep(open.pieces, text);
    this.#say('response.function_call_arguments.delta', { ...this.#at(open), delta: text });
  }

  finish(end: ChatEnd): void {
    const { status, reason } = endOf(end.finish);
    // An answer without a word is a message without one.
    if (this.#output.length === 0 && this.#open === null) this.#speak('text', '');
    this.#close(status === 'completed' ? 'completed' : 'incomplete');
    this.#end(`response.${status}`, { status, reason, error: null, output: this.#output, usage: end.usage });
  }

  #speak(part: 'text' | 'refusal', text: string): void {
    let open = this.#open;
    if (open?.kind !== 'message')
      open = this.#begin({ kind: 'message', id: this.#id('msg'), content: [], part: null, pieces: [] }, (id) =>
        writeMessage(id, [], 'in_progress'),
      );
    if (open.part !== part) {
      this.#closePart(open);
      open.part = part;
      const empty = part === 'text' ? writeOutputText('') : writeRefusal('');
      this.#say('response.content_part.added', { ...this.#at(open), content_index: open.content.length, part: empty });
    }
    if (text === '') return;
    this.#keep(open.pieces, text);
    const place = `"item_id":"${open.id}","output_index":${this.#output.length},"content_index":${open.content.length},"delta":${JSON.stringify(text)}`;
    // The one event that comes for every word.
    if (part === 'text') this.#write('response.output_text.delta', `${place},"logprobs":[]`);
    else this.#write('response.refusal.delta', place);
  }

  /** Seals what a call carries: on the thought before it, or on an item of its own. */
  #seal(carried: string): void {
    if (this.#open?.kind === 'reasoning') {
      this.#close('completed', carried);
      return;
    }
    const open = this.#begin({ kind: 'reasoning', id: this.#id('rs'), pieces: [] }, (id) => writeReasoning(id, null, null, 'in_progress'));
    this.#finishItem(writeReasoning(open.id, null, carried, 'completed'));
  }

  #begin<Item extends Open>(open: Item, write: (id: string) => JsonObject): Item {
    this.#close('completed');
    this.#open = open;
    this.#say('response.output_item.added', { output_index: this.#output.length, item: write(open.id) });
    return open;
  }

  #close(status: 'completed' | 'incomplete', sealed: string | null = null): void {
    const open = this.#open;
    if (open === null) return;
    if (open.kind === 'message') {
      this.#closePart(open);
      this.#finishItem(writeMessage(open.id, open.content, status));
      return;
    }
    if (open.kind === 'reasoning') {
      const text = rawText(open.pieces.join(''));
      this.#say('response.reasoning_summary_text.done', { ...this.#at(open), summary_index: 0, text });
      this.#say('response.reasoning_summary_part.done', { ...this.#at(open), summary_index: 0, part: { type: 'summary_text', text } });
      this.#finishItem(writeReasoning(open.id, text, sealed, status));
      return;
    }
    // A call without arguments gets an empty object, so that what a client accumulates is JSON.
    if (open.pieces.length === 0 && status === 'completed') this.arguments(open.call, '{}');
    const text = rawText(open.pieces.join(''));
    this.#say('response.function_call_arguments.done', { ...this.#at(open), arguments: text });
    this.#finishItem(writeCall(open.id, open.callId, open.name, text, status));
  }

  #closePart(open: Extract<Open, { kind: 'message' }>): void {
    if (open.part === null) return;
    const text = rawText(open.pieces.join(''));
    const place = { ...this.#at(open), content_index: open.content.length };
    const part = open.part === 'text' ? writeOutputText(text) : writeRefusal(text);
    if (open.part === 'text') this.#say('response.output_text.done', { ...place, text, logprobs: [] });
    else this.#say('response.refusal.done', { ...place, refusal: text });
    this.#say('response.content_part.done', { ...place, part });
    open.content.push(part);
    open.pieces = [];
    open.part = null;
  }

  #finishItem(item: JsonObject): void {
    this.#say('response.output_item.done', { output_index: this.#output.length, item });
    this.#output.push(item);
    this.#open = null;
  }

  #end(type: string, state: ResponseState): void {
    this.#say(type, { response: writeResponse(this.#head, this.#request, state) });
    this.#hasEnded = true;
  }

  #keep(pieces: string[], text: string): void {
    this.#length += text.length;
    if (this.#length > MOST_TEXT) throw new TranslationError(`the answer is longer than ${MOST_TEXT} characters`);
    pieces.push(text);
  }

  #id(prefix: 'rs' | 'msg' | 'fc'): string {
    // The item that is open now is closed first, and takes its place.
    return itemId(prefix, this.#head.stem, this.#output.length + (this.#open === null ? 0 : 1));
  }

  #at(open: Open): { readonly item_id: string; readonly output_index: number } {
    return { item_id: open.id, output_index: this.#output.length };
  }

  #say(type: string, event: object): void {
    this.#write(type, JSON.stringify(event).slice(1, -1));
  }

  #write(type: string, members: string): void {
    this.#out += `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++},${members}}\n\n`;
  }
}
