import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { parseExact } from '../translate/parse-exact.ts';
import { type Asked, type ChatAnswer, TranslationError } from '../translate/translator.ts';
import { writeUsage } from '../translate/usage.ts';
import { JSON_TOOL } from './json-tool.ts';
import { readErrorEvent } from './read-error.ts';
import { readUsage } from './read-usage.ts';
import { readStopReason } from './stop-reasons.ts';
import { joinThoughts } from './thought-id.ts';
import { ThoughtKeeper } from './thought-keeper.ts';

interface Spoken {
  text: string;
  reasoning: string;
  readonly calls: object[];
}

/**
 * A whole answer of the Messages API as a chat completion.
 * Source: https://platform.claude.com/docs/en/api/messages, response
 *
 * @throws TranslationError where it is no message.
 */
export function readAnswer(body: Buffer, asked: Asked): ChatAnswer {
  let value: unknown;
  try {
    value = parseExact(body.toString());
  } catch {
    throw new TranslationError('the answer is no JSON');
  }
  if (isJsonObject(value) && value.type === 'error') throw new TranslationError('the answer is an error', readErrorEvent(value));
  if (!isJsonObject(value) || value.type !== 'message' || !Array.isArray(value.content))
    throw new TranslationError('the answer is no message');
  const spoken: Spoken = { text: '', reasoning: '', calls: [] };
  const keeper = new ThoughtKeeper();
  for (const block of value.content) readBlock(block, spoken, keeper);
  const { finish, warnings } = readStopReason(value.stop_reason);
  const usage = readUsage(value.usage, null);
  const { text, reasoning, calls } = spoken;
  const completion = {
    id: asked.id,
    object: 'chat.completion',
    created: asked.created,
    model: asked.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          refusal: readRefusal(value),
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason:
          finish === 'tool_calls' && calls.length === 0 ? 'stop' : finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish,
      },
    ],
    ...(usage === null ? {} : { usage: writeUsage(usage) }),
  };
  return { status: 200, body: Buffer.from(JSON.stringify(completion)), usage, retryAfter: null, warnings };
}

/** Blocks of the provider's own tools, and of kinds that are not known yet, say nothing that was asked for. */
function readBlock(block: unknown, spoken: Spoken, keeper: ThoughtKeeper): void {
  if (!isJsonObject(block)) throw new TranslationError('the answer holds a block that is no object');
  switch (block.type) {
    case 'text':
      spoken.text += demandString(block, 'text');
      return;
    case 'thinking':
      spoken.reasoning += demandString(block, 'thinking');
      keeper.keepThinking(spoken.text.length, demandString(block, 'thinking'), typeof block.signature === 'string' ? block.signature : '');
      return;
    case 'redacted_thinking':
      keeper.keepRedacted(spoken.text.length, demandString(block, 'data'));
      return;
    case 'tool_use': {
      const name = demandString(block, 'name');
      const input = JSON.stringify(block.input ?? {});
      if (name === JSON_TOOL) {
        spoken.text += input;
        return;
      }
      if (block.id === '' || name === '') throw new TranslationError('the answer holds a tool call without an id or a name');
      const id = joinThoughts(demandString(block, 'id'), keeper.take(spoken.text.length));
      spoken.calls.push({ id, type: 'function', function: { name, arguments: input } });
    }
  }
}

function demandString(block: JsonObject, name: string): string {
  const value = block[name];
  if (typeof value !== 'string') throw new TranslationError(`the answer holds a block \`${block.type}\` without \`${name}\``);
  return value;
}

/** The provider's words on why it refused. */
function readRefusal(value: JsonObject): string | null {
  const details = value.stop_reason === 'refusal' && isJsonObject(value.stop_details) ? value.stop_details : {};
  return typeof details.explanation === 'string' ? details.explanation : null;
}
