import { BadRequest } from './bad-request.ts';

/** The refusal of a body that is not JSON as it should be; `why` is put into OpenAI's sentence. */
export function unreadable(why: string): BadRequest {
  return new BadRequest(`We could not parse the JSON body of your request: ${why}.`, null, null);
}

/** The refusal where `wanted` should stand at byte `at`. It never shows what stands there: bodies are private. */
export function unexpected(buffer: Buffer, at: number, wanted: string): BadRequest {
  return unreadable(at >= buffer.length ? `it ends where ${wanted} should stand` : `${wanted} should stand at byte ${at}`);
}
