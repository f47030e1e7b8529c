import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { readImages } from './read-images.ts';

/**
 * Messages as chat messages. Calls may have no ids, and results say at most the name of the tool: results then belong to the calls of
 * the last assistant's message in their order.
 * Source: https://docs.ollama.com/api/chat, https://docs.ollama.com/capabilities/tool-calling
 */
export function readMessages(body: JsonObject, notes: RequestNotes): readonly JsonObject[] {
  const reader = new MessageReader(notes);
  if (!Array.isArray(body.messages)) {
    const help =
      body.messages === undefined
        ? '`messages` are missing; help: models are loaded by their backends, not from here'
        : '`messages` are no list';
    notes.refuse('messages', help);
    return [{}];
  }
  for (const [at, message] of body.messages.entries()) reader.add(message, `messages[${at}]`);
  return reader.messages;
}

class MessageReader {
  readonly messages: JsonObject[] = [];
  readonly #notes: RequestNotes;
  /** Calls without a result yet. */
  #open: { readonly id: string; readonly name: string }[] = [];
  #calls = 0;

  constructor(notes: RequestNotes) {
    this.#notes = notes;
  }

  add(message: unknown, place: string): void {
    const role = isJsonObject(message) ? message.role : undefined;
    if (!isJsonObject(message) || (role !== 'user' && role !== 'assistant' && role !== 'system' && role !== 'tool')) {
      this.#notes.refuse(place, `\`${place}\` has no known role; help: use system, user, assistant or tool`);
      return;
    }
    const content = message.content ?? '';
    if (typeof content !== 'string') {
      this.#notes.refuse(place, `\`${place}.content\` is no string`);
      return;
    }
    const images = readImages(message.images, `${place}.images`, this.#notes);
    if (images.length > 0 && role !== 'user' && role !== 'tool')
      this.#notes.refuse(place, `\`${place}.images\` of the role \`${role}\` can't be sent; help: let the user send them`);
    if (role === 'assistant') this.#addAssistant(message, content, place);
    else if (role === 'tool') this.#addResult(message, content, images, place);
    else this.messages.push({ role, content: images.length === 0 ? content : this.#withText(content, images) });
  }

  #addAssistant(message: JsonObject, content: string, place: string): void {
    if (typeof message.thinking === 'string' && message.thinking !== '') this.#notes.warn('message-thinking-left-out');
    const list = message.tool_calls ?? [];
    if (!Array.isArray(list)) {
      this.#notes.refuse(place, `\`${place}.tool_calls\` is no list`);
      return;
    }
    const calls = list.flatMap((call, at) => this.#readCall(call, `${place}.tool_calls[${at}]`));
    this.#open = calls.map(({ id, function: { name } }) => ({ id, name }));
    this.messages.push({
      role: 'assistant',
      content: content === '' && calls.length > 0 ? null : content,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    });
  }

  #readCall(call: unknown, place: string) {
    const called = isJsonObject(call) ? call.function : undefined;
    if (!isJsonObject(call) || !isJsonObject(called) || typeof called.name !== 'string') {
      this.#notes.refuse(place, `\`${place}\` is no call of a function with a \`name\``);
      return [];
    }
    const id = typeof call.id === 'string' && call.id !== '' ? call.id : `call_${this.#calls}`;
    this.#calls++;
    const text = typeof called.arguments === 'string' ? called.arguments : JSON.stringify(called.arguments ?? {});
    return [{ id, type: 'function', function: { name: called.name, arguments: text } }];
  }

  #addResult(message: JsonObject, content: string, images: readonly JsonObject[], place: string): void {
    const { tool_call_id: id, tool_name: name } = message;
    const found = this.#open.findIndex((call) =>
      typeof id === 'string' ? call.id === id : typeof name !== 'string' || call.name === name,
    );
    if (found === -1) {
      this.#notes.refuse(place, `\`${place}\` of the role \`tool\` answers no call of the assistant's message before it`);
      return;
    }
    const [call] = this.#open.splice(found, 1);
    this.messages.push({ role: 'tool', tool_call_id: call.id, content });
    if (images.length === 0) return;
    this.#notes.warn('tool-result-media-moved');
    this.messages.push({ role: 'user', content: this.#withText(`Of the result of ${call.name}:`, images) });
  }

  #withText(text: string, images: readonly JsonObject[]): readonly JsonObject[] {
    return text === '' ? images : [{ type: 'text', text }, ...images];
  }
}
