import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { isCarried, splitCarried } from './carried.ts';
import { readContent, toContent } from './read-content.ts';
import { OURS } from './wire.ts';

interface Input {
  readonly messages: readonly JsonObject[];
  readonly mayGoNative: boolean;
}

/**
 * `input` as chat messages: what the assistant says and the calls behind it are one message, results follow their calls.
 * Source: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
 */
export function readInput(body: JsonObject, notes: RequestNotes): Input {
  const reader = new InputReader(notes);
  const { input } = body;
  if (typeof input === 'string') reader.add({ role: 'user', content: input }, 'input');
  else if (Array.isArray(input)) for (const [at, item] of input.entries()) reader.add(item, `input[${at}]`);
  else
    notes.refuse('input', input === undefined || input === null ? '`input` is missing' : '`input` is neither a string nor a list of items');
  return reader.close();
}

interface AssistantMessage {
  readonly role: 'assistant';
  content: string | null;
  tool_calls?: JsonObject[];
}

class InputReader {
  readonly #notes: RequestNotes;
  readonly #messages: JsonObject[] = [];
  /** What calls are called in chat, by the caller's ids. */
  readonly #calls = new Map<string, string>();
  /** The assistant's message that goes on with the next item. */
  #assistant: AssistantMessage | null = null;
  /** What the next call's id carries. */
  #carried: string | null = null;
  #mayGoNative = true;

  constructor(notes: RequestNotes) {
    this.#notes = notes;
  }

  add(item: unknown, place: string): void {
    const type = isJsonObject(item) ? (item.type ?? (item.role === undefined ? undefined : 'message')) : undefined;
    if (isJsonObject(item)) {
      if (typeof item.id === 'string' && item.id.includes(OURS)) this.#mayGoNative = false;
      switch (type) {
        case 'message':
          this.#addMessage(item, place);
          return;
        case 'function_call':
          this.#addCall(item, place);
          return;
        case 'function_call_output':
          this.#addResult(item, place);
          return;
        case 'reasoning':
          this.#addReasoning(item);
          return;
      }
    }
    const word = typeof type === 'string' ? type.slice(0, 40) : typeof item;
    const help =
      type === 'item_reference' ? 'send the item itself: nothing is kept here' : 'send messages, function calls and their outputs';
    this.#notes.refuse(place, `\`${place}\` of type \`${word}\` can't be said here; help: ${help}`);
  }

  close(): Input {
    return { messages: this.#messages, mayGoNative: this.#mayGoNative };
  }

  #addMessage(item: JsonObject, place: string): void {
    const { role } = item;
    if (role !== 'user' && role !== 'assistant' && role !== 'system' && role !== 'developer') {
      this.#notes.refuse(`${place}.role`, `\`${place}.role\` is of no known value; help: use user, assistant, system or developer`);
      return;
    }
    const parts = readContent(item.content, `${place}.content`, this.#notes);
    if (role === 'user') {
      this.#say({ role, content: toContent(parts) });
      return;
    }
    if (parts.some((part) => part.type !== 'text'))
      this.#notes.refuse(place, `\`${place}.content\` of the role \`${role}\` may hold text alone`);
    if (role === 'assistant') this.#speak(parts.map((part) => part.text).join(''));
    // Many servers know no developer; to all it is the same as a system.
    else this.#say({ role: 'system', content: toContent(parts) });
  }

  #addCall(item: JsonObject, place: string): void {
    const { call_id: id, name, arguments: text } = item;
    if (typeof id !== 'string' || typeof name !== 'string' || typeof text !== 'string') {
      this.#notes.refuse(place, `\`${place}\` has no \`call_id\`, no \`name\` or no \`arguments\``);
      return;
    }
    if (splitCarried(id).carried !== null) this.#mayGoNative = false;
    const chat = splitCarried(id).carried === null && this.#carried !== null ? id + this.#carried : id;
    this.#carried = null;
    this.#calls.set(id, chat);
    const message = this.#assistant ?? this.#open(null);
    message.tool_calls = [...(message.tool_calls ?? []), { id: chat, type: 'function', function: { name, arguments: text } }];
  }

  #addResult(item: JsonObject, place: string): void {
    const id = typeof item.call_id === 'string' ? this.#calls.get(item.call_id) : undefined;
    if (id === undefined) {
      this.#notes.refuse(place, `\`${place}.call_id\` names no \`function_call\` before it`);
      return;
    }
    const parts = readContent(item.output, `${place}.output`, this.#notes);
    const texts = parts.filter((part) => part.type === 'text');
    const others = parts.filter((part) => part.type !== 'text');
    const isMoved = others.length > 0;
    const content = texts.length > 0 ? toContent(texts) : isMoved ? 'The result follows in the next message.' : '';
    this.#insertResult({ role: 'tool', tool_call_id: id, content });
    if (!isMoved) return;
    this.#notes.warn('tool-result-media-moved');
    this.#messages.push({ role: 'user', content: [{ type: 'text', text: `Of the result of ${String(item.call_id)}:` }, ...others] });
  }

  /** Behind the results before it; media of theirs that went to the user stay behind all of them. */
  #insertResult(message: JsonObject): void {
    this.#assistant = null;
    let at = this.#messages.length;
    while (at > 0 && this.#messages[at - 1].role === 'user' && this.#hasResultBefore(at - 1)) at--;
    this.#messages.splice(at, 0, message);
  }

  #hasResultBefore(at: number): boolean {
    let before = at - 1;
    while (before >= 0 && this.#messages[before].role === 'user') before--;
    return before >= 0 && this.#messages[before].role === 'tool';
  }

  /** Thoughts themselves have no word in chat; what we sealed of them goes back to the provider with the next call. */
  #addReasoning(item: JsonObject): void {
    const { encrypted_content: sealed } = item;
    if (typeof sealed === 'string' && isCarried(sealed)) this.#carried = sealed;
    else this.#notes.warn('reasoning-item-left-out');
  }

  #speak(text: string): void {
    // Behind calls, a new message would stand between them and their results.
    if (this.#assistant?.tool_calls !== undefined) this.#assistant.content = (this.#assistant.content ?? '') + text;
    else this.#open(text);
  }

  #open(content: string | null): AssistantMessage {
    const message: AssistantMessage = { role: 'assistant', content };
    this.#messages.push(message as unknown as JsonObject);
    this.#assistant = message;
    return message;
  }

  #say(message: JsonObject): void {
    this.#assistant = null;
    this.#messages.push(message);
  }
}
