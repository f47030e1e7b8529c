import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { readArguments } from '../translate/read-arguments.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import { stripThoughts } from '../translate/strip-thoughts.ts';
import { type CarriedThoughts, splitThoughts } from './thought-id.ts';
import type { ToolIds } from './tool-ids.ts';
import type { Block, TextBlock } from './wire.ts';
import { writeParts } from './write-parts.ts';

/** A call in an assistant's message: the caller's id of it, and what it became. */
interface Call {
  readonly id: string;
  readonly carried: CarriedThoughts | null;
  readonly block: Extract<Block, { type: 'tool_use' }>;
}

/** What an assistant's message says, and its calls by the caller's ids. */
export interface AssistantTurn {
  readonly blocks: readonly Block[];
  readonly calls: ReadonlyMap<string, { readonly id: string; readonly name: string }>;
}

/** An assistant's message with its calls, and with the thoughts that its calls' ids carry, each where it was thought. */
export function writeAssistant(message: JsonObject, place: string, ids: ToolIds, notes: RequestNotes): AssistantTurn {
  const said = writeParts(message.content, `${place}.content`, notes);
  if (said.length === 0 && typeof message.refusal === 'string') said.push(...writeParts(message.refusal, `${place}.refusal`, notes));
  if (said.some((block) => block.type !== 'text'))
    notes.refuse(place, `\`${place}.content\` of the role \`assistant\` may hold text alone`);
  if (isJsonObject(message.audio)) notes.refuse(place, `claude models can't hear \`${place}.audio\`; help: send its transcript as text`);
  if (isJsonObject(message.function_call)) notes.refuse(place, `\`${place}.function_call\` is out of date; help: use \`tool_calls\``);
  const calls = readCalls(message.tool_calls, `${place}.tool_calls`, ids, notes);
  return {
    blocks: calls.some((call) => call.carried !== null) ? arrange(said, calls) : [...said, ...calls.map((call) => call.block)],
    calls: new Map(calls.map(({ id, block }) => [id, { id: block.id, name: block.name }])),
  };
}

function readCalls(list: unknown, place: string, ids: ToolIds, notes: RequestNotes): Call[] {
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) {
    notes.refuse(place, `\`${place}\` is no list of tool calls`);
    return [];
  }
  const calls: Call[] = [];
  for (const [at, call] of list.entries()) {
    const called = isJsonObject(call) ? (call.type === 'custom' ? call.custom : call.function) : undefined;
    if (!isJsonObject(call) || typeof call.id !== 'string' || !isJsonObject(called) || typeof called.name !== 'string') {
      notes.refuse(place, `\`${place}[${at}]\` is no call of a function with an \`id\` and a \`name\``);
      continue;
    }
    const { id, carried } = splitThoughts(call.id);
    const input = call.type === 'custom' ? { input: called.input } : readArguments(called.arguments, notes);
    calls.push({ id: call.id, carried, block: { type: 'tool_use', id: ids.take(stripThoughts(id)), name: called.name, input } });
  }
  return calls;
}

/** Texts, thoughts and calls in the order in which they came, as far as the thoughts tell it: by how much text was said before. */
function arrange(said: readonly Block[], calls: readonly Call[]): Block[] {
  const text = said.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const blocks: Block[] = [];
  let told = 0;
  const tell = (until: number): void => {
    const piece = text.slice(told, until);
    told = Math.max(told, Math.min(until, text.length));
    if (/\S/.test(piece)) blocks.push({ type: 'text', text: piece } satisfies TextBlock);
  };
  for (const { carried, block } of calls) {
    for (const thought of carried?.thoughts ?? []) {
      tell(thought.at);
      blocks.push(thought.block);
    }
    tell(carried?.at ?? text.length);
    blocks.push(block);
  }
  if (told >= text.length) return blocks;
  // A text behind the last call: the API wants calls last.
  const calling = blocks.findLastIndex((block) => block.type !== 'tool_use');
  blocks.splice(calling + 1, 0, { type: 'text', text: text.slice(told) });
  return blocks;
}
