import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { readAssistant } from './read-assistant.ts';
import { markOf, type Part, readPart, readParts, toContent } from './read-parts.ts';

interface Turns {
  readonly messages: readonly JsonObject[];
  readonly mayGoNative: boolean;
}

/**
 * `system` and `messages` as chat messages. Results of calls are messages of their own, before what else the user says; images in them go
 * to the user, since a tool's message holds text alone.
 * Source: https://platform.claude.com/docs/en/build-with-claude/working-with-messages
 */
export function readTurns(body: JsonObject, notes: RequestNotes): Turns {
  const reader = new TurnReader(notes);
  if (body.system !== undefined && body.system !== null) reader.addSystem(body.system, 'system');
  if (!Array.isArray(body.messages)) notes.refuse('messages', '`messages` is no list');
  else for (const [at, message] of body.messages.entries()) reader.add(message, `messages[${at}]`);
  return reader.close();
}

class TurnReader {
  readonly #notes: RequestNotes;
  readonly #messages: JsonObject[] = [];
  /** What calls are called in chat, by the caller's ids. */
  readonly #calls = new Map<string, string>();
  #mayGoNative = true;

  constructor(notes: RequestNotes) {
    this.#notes = notes;
  }

  add(message: unknown, place: string): void {
    const role = isJsonObject(message) ? message.role : undefined;
    const content = isJsonObject(message) ? message.content : undefined;
    switch (role) {
      case 'user':
        this.#addUser(content, `${place}.content`);
        return;
      case 'assistant':
        this.#addAssistant(content, `${place}.content`);
        return;
      case 'system':
        this.addSystem(content, `${place}.content`);
        return;
    }
    const word = typeof role === 'string' ? role.slice(0, 40) : typeof role;
    this.#notes.refuse(place, `\`${place}\` has the role \`${word}\`; help: use user or assistant`);
  }

  addSystem(content: unknown, place: string): void {
    const parts = this.#read(content, place);
    if (parts.some((part) => part.type !== 'text')) this.#notes.refuse(place, `\`${place}\` may hold text alone`);
    if (parts.length > 0) this.#messages.push({ role: 'system', content: toContent(parts) });
  }

  close(): Turns {
    if (this.#messages.at(-1)?.role === 'assistant') this.#notes.warn('prefill-not-continued');
    return { messages: this.#messages, mayGoNative: this.#mayGoNative };
  }

  #addUser(content: unknown, place: string): void {
    const moved: Part[] = [];
    const said: Part[] = [];
    if (!Array.isArray(content)) said.push(...this.#read(content, place));
    else
      for (const [at, block] of content.entries()) {
        if (isJsonObject(block) && block.type === 'tool_result') moved.push(...this.#addResult(block, `${place}[${at}]`));
        else said.push(...readPart(block, `${place}[${at}]`, this.#notes));
      }
    const parts = [...moved, ...said];
    if (parts.length > 0) this.#messages.push({ role: 'user', content: toContent(parts) });
  }

  /** Returns the parts that the tool's message can't hold. */
  #addResult(block: JsonObject, place: string): Part[] {
    const id = typeof block.tool_use_id === 'string' ? this.#calls.get(block.tool_use_id) : undefined;
    if (id === undefined) {
      this.#notes.refuse(place, `\`${place}.tool_use_id\` names no \`tool_use\` before it`);
      return [];
    }
    if (block.is_error === true) this.#notes.warn('tool-result-error-flag-ignored');
    const parts = block.content === undefined || block.content === null ? [] : this.#read(block.content, `${place}.content`);
    const texts = parts.filter((part) => part.type === 'text');
    const others = parts.filter((part) => part.type !== 'text');
    const mark = markOf(block);
    // The mark of the result itself stands behind its last text.
    if (mark.cache_control !== undefined && texts.length > 0) texts.push({ ...texts.pop()!, ...mark });
    const isMoved = others.length > 0;
    if (isMoved) this.#notes.warn('tool-result-media-moved');
    const content = texts.length > 0 ? toContent(texts) : isMoved ? 'The result follows in the next message.' : '';
    this.#messages.push({ role: 'tool', tool_call_id: id, content });
    return isMoved ? [{ type: 'text', text: `Of the result of ${String(block.tool_use_id)}:` }, ...others] : [];
  }

  #addAssistant(content: unknown, place: string): void {
    const { message, calls, mayGoNative } = readAssistant(content, place, this.#notes);
    if (message !== null) this.#messages.push(message);
    for (const [id, chat] of calls) this.#calls.set(id, chat);
    this.#mayGoNative &&= mayGoNative;
  }

  #read(content: unknown, place: string): Part[] {
    if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
    if (Array.isArray(content)) return readParts(content, place, this.#notes);
    this.#notes.refuse(place, `\`${place}\` is neither a string nor a list of blocks`);
    return [];
  }
}
