import type { FinishReason } from '../backends/translate/finish-reason.ts';
import { isJsonObject, type JsonObject } from '../backends/translate/json-object.ts';
import { TranslationError } from '../backends/translate/translator.ts';
import type { Usage } from '../../schema/usage.ts';
import { readChatError } from './read-chat-error.ts';
import { readFinish } from './read-finish.ts';
import { readUsage } from './read-usage.ts';

/** What a stream tells before anything is said. */
export interface ChatHead {
  /** Without `chatcmpl-`, of the characters `A-Z a-z 0-9 _ -`. */
  readonly stem: string;
  /** Unix seconds. */
  readonly created: number;
  /** As the answer names it; empty where it does not. */
  readonly model: string;
}

export interface ChatCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as far as the model wrote JSON. */
  readonly arguments: string;
}

/** How an answer ended. */
export interface ChatEnd {
  readonly finish: FinishReason;
  /** The stop sequence that was met, where the server tells it (vLLM's `stop_reason`). */
  readonly stop: string | null;
  readonly usage: Usage | null;
}

/** A chat completion, read. */
export interface Completion extends ChatHead, ChatEnd {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string | null;
  readonly calls: readonly ChatCall[];
}

/**
 * A whole chat completion's first choice.
 * Source: https://platform.openai.com/docs/api-reference/chat/object; `reasoning_content` and `reasoning` are what compatible servers add.
 *
 * @throws TranslationError where it is none.
 */
export function readCompletion(body: Buffer): Completion {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new TranslationError('the answer is no JSON');
  }
  const choice = isJsonObject(value) && Array.isArray(value.choices) ? value.choices[0] : undefined;
  if (isJsonObject(value) && isJsonObject(value.error)) throw new TranslationError('the answer is an error', readChatError(value.error));
  if (!isJsonObject(value) || !isJsonObject(choice) || !isJsonObject(choice.message))
    throw new TranslationError('the answer is no chat completion');
  const { message } = choice;
  const head = readHead(value);
  const calls = readCalls(message, head.stem);
  return {
    ...head,
    text: readText(message.content),
    reasoning: readText(message.reasoning_content ?? message.reasoning),
    refusal: typeof message.refusal === 'string' && message.refusal !== '' ? message.refusal : null,
    calls,
    finish: readFinish(choice.finish_reason, calls.length),
    stop: readStop(choice),
    usage: readUsage(value.usage),
  };
}

export function readHead(value: JsonObject): ChatHead {
  const stem = typeof value.id === 'string' ? value.id.replace(/^chatcmpl-/, '').replace(/[^\w-]/g, '') : '';
  return {
    // Servers exist that give none; it is unique within its answer all the same.
    stem: stem === '' ? '0' : stem.slice(0, 64),
    created: Number.isSafeInteger(value.created) ? (value.created as number) : 0,
    model: typeof value.model === 'string' ? value.model : '',
  };
}

export function readStop(choice: JsonObject): string | null {
  return typeof choice.stop_reason === 'string' ? choice.stop_reason : null;
}

/** A string, or the texts among parts. */
function readText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isJsonObject(part) && typeof part.text === 'string' ? part.text : '')).join('');
}

function readCalls(message: JsonObject, stem: string): ChatCall[] {
  const list = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const all = list.length === 0 && isJsonObject(message.function_call) ? [{ function: message.function_call }] : list;
  return all.map((call, at) => {
    const called = isJsonObject(call) ? call.function : undefined;
    if (!isJsonObject(call) || !isJsonObject(called) || typeof called.name !== 'string' || called.name === '')
      throw new TranslationError('the answer holds a tool call without a name');
    const { arguments: given } = called;
    return {
      id: typeof call.id === 'string' && call.id !== '' ? call.id : `call_${stem}_${at}`,
      name: called.name,
      arguments: typeof given === 'string' ? given : given === undefined || given === null ? '' : JSON.stringify(given),
    };
  });
}
