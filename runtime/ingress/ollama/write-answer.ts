import type { IngressRequest } from '../ingress.ts';
import { type Completion, readCompletion } from '../read-completion.ts';
import { TranslationError } from '../../backends/translate/translator.ts';
import { writeCall } from './write-call.ts';
import { writeEnd } from './write-end.ts';
import { writeHead } from './write-head.ts';

/** A chat completion as `/api/chat` answers. @throws TranslationError */
export function writeChat(answer: Buffer, request: IngressRequest): Buffer {
  const completion = readCompletion(answer);
  const { reasoning, calls } = completion;
  const message = {
    role: 'assistant',
    content: textOf(completion),
    ...(reasoning === '' ? {} : { thinking: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call, at) => writeCall(call.id, at, call.name, call.arguments)) }),
  };
  return Buffer.from(JSON.stringify({ ...writeHead(completion, request), message, ...writeEnd(completion) }));
}

/** A chat completion as `/api/generate` answers. @throws TranslationError */
export function writeGenerated(answer: Buffer, request: IngressRequest): Buffer {
  const completion = readCompletion(answer);
  const { reasoning, calls } = completion;
  if (calls.length > 0) throw new TranslationError('the answer calls a tool where none was declared');
  const said = { response: textOf(completion), ...(reasoning === '' ? {} : { thinking: reasoning }) };
  return Buffer.from(JSON.stringify({ ...writeHead(completion, request), ...said, ...writeEnd(completion) }));
}

/** There is no word for a refusal: it is what the model says. */
function textOf({ text, refusal }: Completion): string {
  return text + (refusal ?? '');
}
