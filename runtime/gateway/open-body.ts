import { type AnswerBody, PLAIN_BODY } from './answer-body.ts';
import { StreamBody } from './stream-body.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** An error event can only be written where the stream is plain text. */
export function isEventStream(headers: Headers): boolean {
  const type = headers['content-type'];
  return headers['content-encoding'] === undefined && typeof type === 'string' && type.startsWith('text/event-stream');
}

/** The treatment of an answer that needs no translation, by its headers. */
export function openBody(headers: Headers, backendName: string): AnswerBody {
  return isEventStream(headers) ? new StreamBody(backendName) : PLAIN_BODY;
}
