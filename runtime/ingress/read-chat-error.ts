import type { JsonObject } from '../backends/translate/json-object.ts';
import type { ChatAnswer } from '../backends/translate/translator.ts';

/** An error in OpenAI's envelope that came inside a stream or an answer of 200, as `readError` of a translator tells one. */
export function readChatError(error: JsonObject): ChatAnswer {
  const status = [error.status, error.code].find((value) => Number.isInteger(value) && (value as number) >= 400 && (value as number) < 600);
  const envelope = {
    message: typeof error.message === 'string' && error.message !== '' ? error.message : 'the backend reports an error without a message',
    type: typeof error.type === 'string' ? error.type : 'server_error',
    param: typeof error.param === 'string' ? error.param : null,
    code: typeof error.code === 'string' ? error.code : null,
  };
  return {
    status: (status as number | undefined) ?? 502,
    body: Buffer.from(JSON.stringify({ error: envelope })),
    usage: null,
    retryAfter: null,
  };
}
