import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { readArguments } from '../translate/read-arguments.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import { stripThoughts } from '../translate/strip-thoughts.ts';
import type { ChatBody } from '../translate/translator.ts';
import type { OllamaMessage, OllamaToolCall } from './wire.ts';
import { writeContent } from './write-content.ts';

/** The messages in their order, one for one. What a tool answered names its function, since templates know no ids. */
export function writeMessages(messages: ChatBody['messages'], notes: RequestNotes): readonly OllamaMessage[] {
  /** Names of functions by the caller's ids; of equal ids the latest counts. */
  const called = new Map<string, string>();
  return messages.flatMap((message, at) => {
    const place = `messages[${at}]`;
    if (isJsonObject(message)) return writeMessage(message, place, called, notes);
    notes.refuse('messages', `\`${place}\` must be an object`);
    return [];
  });
}

function writeMessage(message: JsonObject, place: string, called: Map<string, string>, notes: RequestNotes): OllamaMessage[] {
  if (typeof message.name === 'string' && message.role !== 'tool') notes.warn('message-name-ignored');
  const { text, images } = writeContent(message.content, `${place}.content`, message.role === 'user', notes);
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', content: text }];
    case 'user':
      return [{ role: 'user', content: text, ...(images.length === 0 ? {} : { images }) }];
    case 'assistant':
      return [writeAssistant(message, text, place, called, notes)];
    case 'tool': {
      const id = message.tool_call_id;
      const name = typeof id === 'string' ? called.get(id) : undefined;
      if (typeof id !== 'string' || name === undefined) {
        notes.refuse('messages', `\`${place}\` answers no call before it; help: its \`tool_call_id\` must be that of a call`);
        return [];
      }
      return [{ role: 'tool', content: text, tool_name: name, tool_call_id: stripThoughts(id) }];
    }
  }
  const role = typeof message.role === 'string' ? message.role.slice(0, 40) : typeof message.role;
  notes.refuse('messages', `\`${place}\` has the role \`${role}\`; help: use system, developer, user, assistant or tool`);
  return [];
}

function writeAssistant(message: JsonObject, text: string, place: string, called: Map<string, string>, notes: RequestNotes): OllamaMessage {
  if (isJsonObject(message.audio))
    notes.refuse('messages', `ollama's models can't hear \`${place}.audio\`; help: send its transcript as text`);
  if (isJsonObject(message.function_call)) notes.refuse('messages', `\`${place}.function_call\` is out of use; help: use \`tool_calls\``);
  const calls = writeCalls(message.tool_calls, `${place}.tool_calls`, called, notes);
  const refusal = text === '' && typeof message.refusal === 'string' ? message.refusal : '';
  return {
    role: 'assistant',
    content: text + refusal,
    ...(typeof message.reasoning_content === 'string' && message.reasoning_content !== '' ? { thinking: message.reasoning_content } : {}),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function writeCalls(list: unknown, place: string, called: Map<string, string>, notes: RequestNotes): OllamaToolCall[] {
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) {
    notes.refuse('messages', `\`${place}\` must be a list of tool calls`);
    return [];
  }
  return list.flatMap((call, index) => {
    const made = isJsonObject(call) ? call.function : undefined;
    if (!isJsonObject(call) || typeof call.id !== 'string' || !isJsonObject(made) || typeof made.name !== 'string') {
      notes.refuse('messages', `\`${place}[${index}]\` is no call of a function with an \`id\` and a \`name\``);
      return [];
    }
    called.set(call.id, made.name);
    return [{ id: stripThoughts(call.id), function: { index, name: made.name, arguments: readArguments(made.arguments, notes) } }];
  });
}
