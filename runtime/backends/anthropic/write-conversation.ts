import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import { ToolIds } from './tool-ids.ts';
import type { Block, TextBlock, ToolResultBlock, Turn } from './wire.ts';
import { writeAssistant } from './write-assistant.ts';
import { writeParts } from './write-parts.ts';

export interface Conversation {
  readonly system: readonly TextBlock[];
  /** User and assistant in turns, the user first. */
  readonly turns: readonly Turn[];
  /** Names of the tools that were called. */
  readonly called: ReadonlySet<string>;
}

/**
 * The messages as turns. Neighbours of one role become one turn; what system and developer say goes into `system`, wherever it stands;
 * the results of a turn's calls stand before everything else in the next one.
 * Source: https://platform.claude.com/docs/en/build-with-claude/working-with-messages, …/agents-and-tools/tool-use/implement-tool-use
 */
export function writeConversation(messages: readonly unknown[], notes: RequestNotes): Conversation {
  const writer = new ConversationWriter(notes);
  for (const [at, message] of messages.entries()) {
    const place = `messages[${at}]`;
    if (isJsonObject(message)) writer.add(message, place);
    else notes.refuse('messages', `\`${place}\` is no object`);
  }
  return writer.close();
}

class ConversationWriter {
  readonly #notes: RequestNotes;
  readonly #ids = new ToolIds();
  readonly #system: TextBlock[] = [];
  readonly #turns: Turn[] = [];
  readonly #called = new Set<string>();
  /** Calls without a result yet, by the caller's ids. */
  #open = new Map<string, string>();
  /** Results at the head of the user's turn. */
  #results = 0;

  constructor(notes: RequestNotes) {
    this.#notes = notes;
  }

  add(message: JsonObject, place: string): void {
    if (typeof message.name === 'string' && message.role !== 'tool') this.#notes.warn('message-name-ignored');
    switch (message.role) {
      case 'system':
      case 'developer':
        this.#addSystem(message, place);
        return;
      case 'user':
        this.#append('user', writeParts(message.content, `${place}.content`, this.#notes));
        return;
      case 'assistant':
        this.#addAssistant(message, place);
        return;
      case 'tool':
        this.#addResult(message, place);
        return;
    }
    const role = typeof message.role === 'string' ? message.role.slice(0, 40) : typeof message.role;
    this.#notes.refuse(place, `\`${place}\` has the role \`${role}\`; help: use system, developer, user, assistant or tool`);
  }

  close(): Conversation {
    this.#closeCalls();
    // The API wants a user to begin; a dot is the least that it takes for one.
    if (this.#turns[0]?.role !== 'user') {
      this.#turns.unshift({ role: 'user', content: [{ type: 'text', text: '.' }] });
      this.#notes.warn('user-turn-added');
    }
    return { system: this.#system, turns: this.#turns, called: this.#called };
  }

  #addSystem(message: JsonObject, place: string): void {
    if (this.#turns.length > 0) this.#notes.warn('system-message-moved');
    for (const block of writeParts(message.content, `${place}.content`, this.#notes)) {
      if (block.type === 'text') this.#system.push(block);
      else this.#notes.refuse(place, `\`${place}.content\` of the role \`${message.role}\` may hold text alone`);
    }
  }

  #addAssistant(message: JsonObject, place: string): void {
    this.#closeCalls();
    const { blocks, calls } = writeAssistant(message, place, this.#ids, this.#notes);
    this.#append('assistant', blocks);
    for (const [id, call] of calls) {
      this.#open.set(id, call.id);
      this.#called.add(call.name);
    }
  }

  #addResult(message: JsonObject, place: string): void {
    const id = message.tool_call_id;
    const wire = typeof id === 'string' ? this.#open.get(id) : undefined;
    if (typeof id !== 'string' || wire === undefined) {
      this.#notes.refuse(
        place,
        `\`${place}\` of the role \`tool\` answers no call of the assistant's message before it; help: its \`tool_call_id\` must be one of that message's \`tool_calls\`, each answered once`,
      );
      return;
    }
    const blocks = writeParts(message.content, `${place}.content`, this.#notes);
    const [first] = blocks;
    const content = blocks.length === 1 && first.type === 'text' && first.cache_control === undefined ? first.text : blocks;
    const result: ToolResultBlock = { type: 'tool_result', tool_use_id: wire, ...(blocks.length === 0 ? {} : { content }) };
    this.#append('user', []);
    this.#open.delete(id);
    this.#turns.at(-1)!.content.splice(this.#results++, 0, result);
  }

  #append(role: Turn['role'], blocks: readonly Block[]): void {
    const last = this.#turns.at(-1);
    if (last?.role === role) {
      last.content.push(...blocks);
      return;
    }
    const isAnswer = role === 'user' && this.#open.size > 0;
    if (blocks.length === 0 && !isAnswer) return;
    this.#turns.push({ role, content: [...blocks] });
    this.#results = 0;
  }

  /** The next assistant speaks, or nobody: every call has had its result by now. */
  #closeCalls(): void {
    if (this.#open.size === 0) return;
    const ids = [...this.#open.values()].slice(0, 8).map((id) => `\`${id}\``);
    this.#notes.refuse(
      'messages',
      `\`messages\` hold no result of the calls ${ids.join(', ')}; help: answer each with a message of the role \`tool\``,
    );
    this.#open = new Map();
  }
}
