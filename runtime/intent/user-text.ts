import { TEXT_WINDOW } from '../../schema/request.ts';
import { MESSAGE_KEYS, PART_KEYS } from './chat-keys.ts';
import { type Field, KIND } from './fields.ts';
import { readEnd, readString } from './read-value.ts';
import { pickFields, scanElements } from './scan.ts';

/** The end of the user's text in chat messages, as `RequestBody.text` defines it. Decodes no more than the window needs. */
export function readUserText(buffer: Buffer, messages: Field): string {
  const window = new Window();
  const { objects } = messages;
  for (let i = objects.length - 1; i >= 0 && !window.isFull; i--) {
    const { role, content } = pickFields(buffer, objects[i], MESSAGE_KEYS);
    if (role?.kind !== KIND.STRING || readString(buffer, role) !== 'user') continue;
    if (content?.kind === KIND.STRING) window.prepend(readEnd(buffer, content, TEXT_WINDOW));
    else if (content?.kind === KIND.ARRAY) prependParts(buffer, content, window);
  }
  return window.text();
}

/** The end of the text of embedding inputs; token arrays have none. */
export function readInputText(buffer: Buffer, input: Field): string {
  if (input.kind === KIND.STRING) return readEnd(buffer, input, TEXT_WINDOW);
  const window = new Window();
  const elements = input.itemKinds === KIND.STRING ? scanElements(buffer, input) : [];
  for (let i = elements.length - 1; i >= 0 && !window.isFull; i--) window.prepend(readEnd(buffer, elements[i], TEXT_WINDOW));
  return window.text();
}

function prependParts(buffer: Buffer, content: Field, window: Window): void {
  const { objects } = content;
  for (let i = objects.length - 1; i >= 0 && !window.isFull; i--) {
    const { type, text } = pickFields(buffer, objects[i], PART_KEYS);
    if (type?.kind !== KIND.STRING || text?.kind !== KIND.STRING || readString(buffer, type) !== 'text') continue;
    window.prepend(readEnd(buffer, text, TEXT_WINDOW));
  }
}

/** Pieces of text gathered from the last to the first, as many as the window shows. */
class Window {
  readonly #pieces: string[] = [];
  /** Code units, a newline behind each piece included. */
  #size = 0;

  get isFull(): boolean {
    return this.#size > TEXT_WINDOW;
  }

  prepend(piece: string): void {
    this.#pieces.push(piece);
    this.#size += piece.length + 1;
  }

  text(): string {
    return this.#pieces.reverse().join('\n').slice(-TEXT_WINDOW);
  }
}
