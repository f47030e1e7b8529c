import { joinThoughts, splitThoughts } from '../../backends/anthropic/thought-id.ts';
import { ThoughtKeeper } from '../../backends/anthropic/thought-keeper.ts';
import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { WIRE_ID } from './wire.ts';

interface Assistant {
  /** Null where nothing is said. */
  readonly message: JsonObject | null;
  /** What the calls are called in chat, by the caller's ids. */
  readonly calls: ReadonlyMap<string, string>;
  readonly mayGoNative: boolean;
}

/**
 * An assistant's turn as a chat message. Thoughts travel in the ids of the calls that they led to, as the Anthropic dialect gives them
 * out (`thought-id.ts`), so that they come back to a Claude unchanged and in their place. A thought behind the last call leads nowhere:
 * no provider asks for it again.
 */
export function readAssistant(content: unknown, place: string, notes: RequestNotes): Assistant {
  if (typeof content === 'string') {
    return { message: content === '' ? null : { role: 'assistant', content }, calls: new Map(), mayGoNative: true };
  }
  if (!Array.isArray(content)) {
    notes.refuse(place, `\`${place}\` is neither a string nor a list of blocks`);
    return { message: null, calls: new Map(), mayGoNative: true };
  }
  const reader = new AssistantReader(notes);
  for (const [at, block] of content.entries()) reader.add(block, `${place}[${at}]`);
  return reader.close();
}

class AssistantReader {
  readonly #notes: RequestNotes;
  readonly #keeper = new ThoughtKeeper();
  readonly #ids = new Map<string, string>();
  readonly #calls: JsonObject[] = [];
  #text = '';
  #isLoose = false;
  #mayGoNative = true;

  constructor(notes: RequestNotes) {
    this.#notes = notes;
  }

  add(block: unknown, place: string): void {
    if (isJsonObject(block)) {
      switch (block.type) {
        case 'text':
          if (typeof block.text !== 'string') break;
          this.#text += block.text;
          return;
        case 'thinking':
          if (typeof block.thinking !== 'string') break;
          this.#addThinking(block.thinking, typeof block.signature === 'string' ? block.signature : '');
          return;
        case 'redacted_thinking':
          if (typeof block.data !== 'string') break;
          this.#keeper.keepRedacted(this.#text.length, block.data);
          this.#isLoose = true;
          return;
        case 'tool_use':
          if (typeof block.id !== 'string' || typeof block.name !== 'string') break;
          this.#addCall(block.id, block.name, block.input);
          return;
      }
    }
    const word = isJsonObject(block) && typeof block.type === 'string' ? block.type.slice(0, 40) : typeof block;
    this.#notes.refuse(
      place,
      `\`${place}\` of type \`${word}\` is no whole block that can be said here; help: send text, thinking and tool_use`,
    );
  }

  close(): Assistant {
    if (this.#isLoose) this.#notes.warn('thinking-before-no-call-left-out');
    const isSilent = this.#text === '' && this.#calls.length === 0;
    const message = {
      role: 'assistant',
      content: this.#text === '' && this.#calls.length > 0 ? null : this.#text,
      ...(this.#calls.length === 0 ? {} : { tool_calls: this.#calls }),
    };
    return { message: isSilent ? null : message, calls: this.#ids, mayGoNative: this.#mayGoNative };
  }

  #addThinking(thinking: string, signature: string): void {
    this.#isLoose = true;
    // Ours: said without a signature since none was known. Where a call's id carries the thought, it is not lost.
    if (signature === '') this.#mayGoNative = false;
    this.#keeper.keepThinking(this.#text.length, thinking, signature);
  }

  #addCall(id: string, name: string, input: unknown): void {
    this.#isLoose = false;
    if (!WIRE_ID.test(id)) this.#mayGoNative = false;
    const thoughts = this.#keeper.take(this.#text.length);
    const chat = splitThoughts(id).carried === null ? joinThoughts(id, thoughts) : id;
    this.#ids.set(id, chat);
    this.#calls.push({ id: chat, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } });
  }
}
