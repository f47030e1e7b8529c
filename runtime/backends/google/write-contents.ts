import type { ChatBody } from '../translate/translator.ts';
import { CallTurn } from './call-turn.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { Content, GenerateRequest, Part } from './wire.ts';
import { writeMedia } from './write-media.ts';

/** Gemini takes neither an empty conversation nor a turn without text. */
const FILLER: Part = { text: ' ' };

/**
 * The conversation: neighbours of one role become one turn, system and developer messages the instruction, results of calls a turn of
 * their own right after the calls and in their order. `reasoning_content` of an assistant message is not sent: Gemini takes its thoughts back
 * as signatures only.
 * Source: https://ai.google.dev/gemini-api/docs/function-calling
 *
 * @param signs the model refuses a call that comes back without the signature of its thought.
 */
export function writeContents(
  messages: ChatBody['messages'],
  signs: boolean,
  notes: RequestNotes,
): Pick<GenerateRequest, 'contents' | 'systemInstruction'> {
  const contents: Content[] = [];
  const instruction: Part[] = [];
  let calls: CallTurn | null = null;
  let isOpen = false;
  const append = (role: Content['role'], parts: readonly Part[]): void => {
    const last = contents.at(-1);
    if (isOpen && last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) contents.push({ role, parts: [...parts] });
    isOpen = parts.length > 0 || isOpen;
  };
  const settle = (): void => {
    if (!calls) return;
    contents.push({ role: 'user', parts: calls.writeResults(notes) });
    calls = null;
    isOpen = false;
  };
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at];
    const place = `messages[${at}]`;
    if (!isJsonObject(message)) {
      notes.refuse('messages', `\`${place}\` must be an object`);
      continue;
    }
    if (message.name !== undefined && message.role !== 'tool') notes.warn('message-name-ignored');
    if (message.role === 'tool') {
      if (calls) calls.take(message, place, notes);
      else notes.refuse('messages', `\`${place}\` is a tool result without a call right before it`);
      continue;
    }
    settle();
    if (message.role === 'system' || message.role === 'developer') instruction.push(...writeParts(message, place, notes));
    else if (message.role === 'user') append('user', addText(writeParts(message, place, notes)));
    else if (message.role === 'assistant') {
      append('model', writeParts(message, place, notes));
      calls = CallTurn.read(message, place, signs, notes);
      if (calls) append('model', calls.parts);
    } else
      notes.refuse('messages', `\`${place}\` has a role that gemini models don't know; help: system, developer, user, assistant, tool`);
  }
  settle();
  if (contents.length === 0 || contents[0].role === 'model') contents.unshift({ role: 'user', parts: [FILLER] });
  return { contents, ...(instruction.length === 0 ? {} : { systemInstruction: { parts: instruction } }) };
}

/** A turn of images alone is refused by some models. */
function addText(parts: readonly Part[]): readonly Part[] {
  return parts.length > 0 && parts.every((part) => part.text === undefined) ? [...parts, FILLER] : parts;
}

function writeParts(message: JsonObject, place: string, notes: RequestNotes): readonly Part[] {
  const { content } = message;
  const parts: Part[] = [];
  if (typeof content === 'string') {
    if (content !== '') parts.push({ text: content });
  } else if (Array.isArray(content)) {
    for (let at = 0; at < content.length; at++) {
      const part = writePart(content[at], message.role, `${place}.content[${at}]`, notes);
      if (part && part.text !== '') parts.push(part);
    }
  } else if (content !== undefined && content !== null) notes.refuse('messages', `\`${place}.content\` must be a string or a list`);
  if (typeof message.refusal === 'string' && message.refusal !== '') parts.push({ text: message.refusal });
  if (isJsonObject(message.audio))
    notes.refuse('messages', `\`${place}.audio\` names audio that google does not have; help: send its text`);
  if (isJsonObject(message.function_call)) notes.refuse('messages', `\`${place}.function_call\` is out of use; help: use \`tool_calls\``);
  return parts;
}

function writePart(part: unknown, role: unknown, place: string, notes: RequestNotes): Part | null {
  if (isJsonObject(part)) {
    if (part.type === 'text' && typeof part.text === 'string') return { text: part.text };
    if (part.type === 'refusal' && typeof part.refusal === 'string') return { text: part.refusal };
    if (role === 'user') return writeMedia(part, place, notes);
  }
  notes.refuse('messages', `\`${place}\` must be text`);
  return null;
}
