import type { JsonObject } from '../backends/translate/json-object.ts';
import type { RequestNotes } from '../backends/translate/request-notes.ts';
import { BadRequest } from '../intent/bad-request.ts';
import type { IngressRequest } from './ingress.ts';
import { toPlain } from './to-plain.ts';

interface Parts {
  /** The chat body: `messages`, `model` and more; members that are undefined are none. */
  readonly chat: JsonObject;
  readonly model: string;
  readonly stream: boolean;
  readonly mayGoNative: boolean;
  readonly leastCap?: number;
  readonly notes: RequestNotes;
  readonly echo: JsonObject;
}

/** The end of every reading: refusals are thrown, the chat body is written. @throws BadRequest */
export function finishRequest({ chat, model, stream, mayGoNative, leastCap = 0, notes, echo }: Parts): IngressRequest {
  const { messages, ...rest } = chat;
  const list = messages as readonly JsonObject[];
  if (list.length === 0) notes.refuse('messages', 'nothing is said; help: send at least one message');
  const warnings = notes.close();
  try {
    const members = JSON.stringify(rest).slice(1);
    // Each message is written once: most are the same in both bodies, and writing them is most of the work.
    const pivot = list.map((message) => JSON.stringify(message));
    let isSame = true;
    const plain = list.map((message, at) => {
      const said = toPlain(message);
      if (said === message) return pivot[at];
      isSame = false;
      return JSON.stringify(said);
    });
    const bytes = write(plain, members);
    return { chat: bytes, pivot: isSame ? bytes : write(pivot, members), stream, model, mayGoNative, leastCap, warnings, echo };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BadRequest('the request nests too deeply; help: flatten its schemas', null, null);
  }
}

function write(messages: readonly string[], members: string): Buffer {
  return Buffer.from(`{"messages":[${messages.join(',')}],${members}`);
}
