import { splitThoughts } from '../../backends/anthropic/thought-id.ts';
import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import { parseExact } from '../../backends/translate/parse-exact.ts';
import type { IngressRequest } from '../ingress.ts';
import { type ChatCall, type Completion, readCompletion } from '../read-completion.ts';
import { writeStop } from './write-stop.ts';
import { writeUsage } from './write-usage.ts';

/**
 * A chat completion as a message.
 * Source: https://platform.claude.com/docs/en/api/messages/create, response
 *
 * @throws TranslationError
 */
export function writeAnswer(answer: Buffer, request: IngressRequest): Buffer {
  const completion = readCompletion(answer);
  const message = {
    id: `msg_${completion.stem}`,
    type: 'message',
    role: 'assistant',
    model: completion.model || request.model,
    content: writeContent(completion),
    ...writeStop(completion, completion.refusal, request.echo),
    container: null,
    diagnostics: null,
    usage: writeUsage(completion.usage),
  };
  return Buffer.from(JSON.stringify(message));
}

/** Texts, thoughts and calls in the order in which they came, as far as the calls' ids tell it. */
function writeContent({ text, reasoning, refusal, calls }: Completion): readonly JsonObject[] {
  const blocks: JsonObject[] = [];
  const split = calls.map((call) => ({ call, ...splitThoughts(call.id) }));
  const carried = split.flatMap((entry) => entry.carried?.thoughts ?? []);
  const signed = carried.map(({ block }) => (block.type === 'thinking' ? block.thinking : '')).join('');
  // Thoughts that no call carries come without a signature: behind those that one does, or else first.
  const rest = reasoning.startsWith(signed) ? reasoning.slice(signed.length) : '';
  if (carried.length === 0 && rest !== '') blocks.push(think(rest));
  let told = 0;
  const tell = (until: number): void => {
    if (until > told) blocks.push(say(text.slice(told, until)));
    told = Math.max(told, Math.min(until, text.length));
  };
  for (const { id, call, carried: thoughts } of split) {
    for (const thought of thoughts?.thoughts ?? []) {
      tell(thought.at);
      blocks.push(thought.block);
    }
    tell(thoughts?.at ?? text.length);
    blocks.push(writeCall(id, call));
  }
  if (carried.length > 0 && rest !== '') blocks.push(think(rest));
  tell(text.length);
  if (refusal !== null) blocks.push(say(refusal));
  return blocks;
}

export function say(text: string): JsonObject {
  return { type: 'text', text, citations: null };
}

function think(thinking: string): JsonObject {
  return { type: 'thinking', thinking, signature: '' };
}

function writeCall(id: string, call: ChatCall): JsonObject {
  return { type: 'tool_use', id, name: call.name, input: readInput(call.arguments), caller: { type: 'direct' } };
}

/** The arguments as an object. Models write what is no JSON; it is wrapped, for the caller to see. */
function readInput(text: string): unknown {
  if (!/\S/.test(text)) return {};
  try {
    const value = parseExact(text);
    return isJsonObject(value) ? value : { arguments: value };
  } catch {
    return { arguments: text };
  }
}
