import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import { splitThought } from './thought-id.ts';
import type { Part } from './wire.ts';

/** Stands for a signature that never was: calls made by another model. https://ai.google.dev/gemini-api/docs/thought-signatures#faqs */
const FOREIGN_THOUGHT = 'skip_thought_signature_validator';
/** Whole numbers from here on may not survive as JSON numbers; Google's `Struct` knows doubles only. */
const LONG_NUMBER = /\d{16}/;

interface Call {
  /** As the caller knows it. */
  readonly id: string;
  readonly part: Part & { readonly functionCall: NonNullable<Part['functionCall']> };
  result: Part | null;
}

/** The calls of one assistant message, and what came back for each. */
export class CallTurn {
  readonly #calls: readonly Call[];
  readonly #place: string;

  private constructor(calls: readonly Call[], place: string) {
    this.#calls = calls;
    this.#place = place;
  }

  /** Null where the message calls nothing. */
  static read(message: JsonObject, place: string, signs: boolean, notes: RequestNotes): CallTurn | null {
    const list = message.tool_calls;
    if (list === undefined || list === null || (Array.isArray(list) && list.length === 0)) return null;
    if (!Array.isArray(list)) {
      notes.refuse('messages', `\`${place}.tool_calls\` must be a list`);
      return null;
    }
    const calls: Call[] = [];
    for (let at = 0; at < list.length; at++) {
      const call = readCall(list[at], signs && calls.length === 0);
      if (call) calls.push(call);
      else notes.refuse('messages', `\`${place}.tool_calls[${at}]\` is no function call with an id and a name`);
    }
    return calls.length === 0 ? null : new CallTurn(calls, place);
  }

  get parts(): readonly Part[] {
    return this.#calls.map(({ part }) => part);
  }

  /** A `tool` message. Where ids repeat, results go to the calls in their order. */
  take(message: JsonObject, place: string, notes: RequestNotes): void {
    const call = this.#calls.find(({ id, result }) => result === null && id === message.tool_call_id);
    if (!call) {
      notes.refuse(
        'messages',
        `\`${place}\` answers no open call of \`${this.#place}\`; help: its \`tool_call_id\` must be that of a call`,
      );
      return;
    }
    const text = readText(message.content);
    if (text === null) {
      notes.refuse('messages', `\`${place}.content\` must be text`);
      return;
    }
    const { args: _, ...called } = call.part.functionCall;
    call.result = { functionResponse: { ...called, response: readResponse(text) } };
  }

  writeResults(notes: RequestNotes): Part[] {
    const missing = this.#calls.filter(({ result }) => result === null).length;
    if (missing > 0) {
      notes.refuse(
        'messages',
        `${missing} of the calls of \`${this.#place}\` have no result; help: a \`tool\` message for each must follow it`,
      );
    }
    return this.#calls.flatMap(({ result }) => result ?? []);
  }
}

function readCall(call: unknown, mustSign: boolean): Call | null {
  const called = isJsonObject(call) ? call.function : undefined;
  if (!isJsonObject(call) || typeof call.id !== 'string' || !isJsonObject(called) || typeof called.name !== 'string') return null;
  const { id, signature } = splitThought(call.id);
  const thoughtSignature = signature ?? readExtra(call) ?? (mustSign ? FOREIGN_THOUGHT : null);
  return {
    id: call.id,
    part: {
      functionCall: { ...(id === '' ? {} : { id }), name: called.name, args: readArguments(called.arguments) },
      ...(thoughtSignature === null ? {} : { thoughtSignature }),
    },
    result: null,
  };
}

/** `extra_content.google.thought_signature`: where Google's own compatible endpoint puts it. */
function readExtra({ extra_content: extra }: JsonObject): string | null {
  const google = isJsonObject(extra) ? extra.google : undefined;
  return isJsonObject(google) && typeof google.thought_signature === 'string' ? google.thought_signature : null;
}

/** Models write arguments that are no JSON, or no object: they are kept as the value of `input`. */
function readArguments(text: unknown): object {
  if (isJsonObject(text)) return text;
  if (typeof text !== 'string' || text.trim() === '') return {};
  const value = parse(text);
  return isJsonObject(value) ? value : { input: value === undefined ? text : value };
}

/** An object as it is, unless a number in it would change; all else as `output`. */
function readResponse(text: string): object {
  const value = /^\s*\{/.test(text) && !LONG_NUMBER.test(text) ? parse(text) : undefined;
  return isJsonObject(value) ? value : { output: text };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readText(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (content === undefined || content === null) return '';
  if (!Array.isArray(content)) return null;
  const texts = content.map((part) => (isJsonObject(part) && part.type === 'text' && typeof part.text === 'string' ? part.text : null));
  return texts.includes(null) ? null : texts.join('');
}
