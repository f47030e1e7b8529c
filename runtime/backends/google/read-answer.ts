import type { FinishReason } from '../translate/finish-reason.ts';
import { type Asked, type ChatAnswer, TranslationError } from '../translate/translator.ts';
import { writeUsage } from '../translate/usage.ts';
import { CallIds } from './call-ids.ts';
import { describeFailure } from './describe-failure.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { isBlocked } from './is-blocked.ts';
import { readLateError } from './read-error.ts';
import { readFinish } from './read-finish.ts';
import { readPart } from './read-part.ts';
import { UsageReader } from './read-usage.ts';

interface Choice {
  readonly message: object;
  readonly finish: FinishReason;
  readonly warnings: readonly string[];
}

/**
 * A `GenerateContentResponse` as a chat completion. A blocked prompt is an answer too: without content, ended by the filter.
 * Source: https://ai.google.dev/api/generate-content#generatecontentresponse
 *
 * @throws TranslationError for anything else that holds no answer.
 */
export function readAnswer(body: Buffer, asked: Asked): ChatAnswer {
  const answer = parse(body);
  const reader = new UsageReader();
  reader.read(answer.usageMetadata);
  const { usage } = reader;
  const candidate = Array.isArray(answer.candidates) ? answer.candidates[0] : undefined;
  if (!isJsonObject(candidate) && !isBlocked(answer)) throw new TranslationError('google answered without an answer');
  const choice: Choice = isJsonObject(candidate)
    ? readCandidate(candidate, asked)
    : { message: writeMessage(null), finish: 'content_filter', warnings: [] };
  const completion = {
    id: asked.id,
    object: 'chat.completion',
    created: asked.created,
    model: asked.model,
    choices: [{ index: 0, message: choice.message, logprobs: null, finish_reason: choice.finish }],
    ...(usage === null ? {} : { usage: writeUsage(usage) }),
  };
  return { status: 200, body: Buffer.from(JSON.stringify(completion)), usage, retryAfter: null, warnings: choice.warnings };
}

function parse(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new TranslationError('google answered with something else than JSON');
  }
  const answer = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (!isJsonObject(answer)) throw new TranslationError('google answered with something else than an object');
  if (answer.error !== undefined) throw new TranslationError(describeFailure(answer.error), readLateError(answer.error));
  return answer;
}

function readCandidate(candidate: JsonObject, asked: Asked): Choice {
  const reason = candidate.finishReason;
  const { finish, warnings } = readFinish(typeof reason === 'string' ? reason : 'STOP');
  if (finish === 'failure') throw new TranslationError(describeFailure({ status: reason, message: candidate.finishMessage }));
  const parts = isJsonObject(candidate.content) ? (candidate.content.parts ?? []) : [];
  if (!Array.isArray(parts)) throw new TranslationError('the parts of the answer are no list');
  let text = '';
  let thoughts = '';
  const calls: object[] = [];
  const ids = new CallIds(asked.id);
  for (const item of parts) {
    const part = readPart(item);
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'thought') thoughts += part.text;
    else if (part.kind === 'call') {
      const { name, args } = part.call;
      if (typeof name !== 'string') throw new TranslationError('a call of the answer has no name');
      const id = ids.next(part.call.id, part.signature);
      if (id !== null) calls.push({ id, type: 'function', function: { name, arguments: JSON.stringify(args ?? {}) } });
    }
  }
  const isSilent = text === '' && (calls.length > 0 || finish === 'content_filter');
  return {
    message: {
      ...writeMessage(isSilent ? null : text),
      ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    // Google says STOP after calls too; clients act on `tool_calls` alone.
    finish: finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish,
    warnings,
  };
}

function writeMessage(content: string | null): object {
  return { role: 'assistant', content, refusal: null };
}
