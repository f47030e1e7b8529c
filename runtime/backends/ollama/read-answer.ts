import { isJsonObject } from '../translate/json-object.ts';
import { type Asked, type ChatAnswer, TranslationError } from '../translate/translator.ts';
import { writeUsage } from '../translate/usage.ts';
import { CallReader } from './call-reader.ts';
import { readDoneReason } from './done-reasons.ts';
import { parseObject } from './parse-object.ts';
import { readUsage } from './read-usage.ts';

/**
 * A whole answer of `/api/chat` as a chat completion.
 * Source: https://docs.ollama.com/api/chat
 *
 * @throws TranslationError where it is none, or not at its end.
 */
export function readAnswer(body: Buffer, asked: Asked): ChatAnswer {
  const answer = parseObject(body.toString());
  const { message } = answer;
  if (!isJsonObject(message)) throw new TranslationError('ollama answered without a message');
  if (answer.done !== true) throw new TranslationError('ollama ended the answer before its end');
  const { finish, warnings } = readDoneReason(answer.done_reason);
  if (finish === 'failure') throw new TranslationError(`ollama only ${String(answer.done_reason)}ed the model`);
  const calls = new CallReader(asked.id).read(message.tool_calls);
  const text = typeof message.content === 'string' ? message.content : '';
  const thinking = typeof message.thinking === 'string' ? message.thinking : '';
  const usage = readUsage(answer);
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
          refusal: null,
          ...(thinking === '' ? {} : { reasoning_content: thinking }),
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map(({ id, name, arguments: json }) => ({ id, type: 'function', function: { name, arguments: json } })),
              }),
        },
        logprobs: null,
        // Ollama says `stop` after calls, too; clients act on `tool_calls` alone.
        finish_reason: finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish,
      },
    ],
    ...(usage === null ? {} : { usage: writeUsage(usage) }),
  };
  return { status: 200, body: Buffer.from(JSON.stringify(completion)), usage, retryAfter: null, warnings };
}
