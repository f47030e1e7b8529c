import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { IngressRequest } from '../ingress.ts';
import { type Completion, readCompletion } from '../read-completion.ts';
import { splitCarried } from './carried.ts';
import { itemId } from './wire.ts';
import { writeCall, writeMessage, writeOutputText, writeReasoning, writeRefusal } from './write-items.ts';
import { endOf, writeResponse } from './write-response.ts';

/** A chat completion as a response: thoughts, then what is said, then the calls. @throws TranslationError */
export function writeAnswer(answer: Buffer, request: IngressRequest): Buffer {
  const completion = readCompletion(answer);
  const output = writeOutput(completion, request.echo.encrypts === true);
  const state = { ...endOf(completion.finish), error: null, output, usage: completion.usage };
  return Buffer.from(JSON.stringify(writeResponse(completion, request, state)));
}

function writeOutput({ stem, reasoning, text, refusal, calls, finish }: Completion, encrypts: boolean): readonly JsonObject[] {
  const items: JsonObject[] = [];
  const status = endOf(finish).status === 'completed' ? 'completed' : 'incomplete';
  const hasMessage = text !== '' || refusal !== null || (calls.length === 0 && reasoning === '');
  const first = calls.length > 0 && encrypts ? splitCarried(calls[0].id).carried : null;
  // The first call's seal fits on the thought itself where nothing is said between them.
  const isJoined = reasoning !== '' && !hasMessage;
  if (reasoning !== '') items.push(writeReasoning(itemId('rs', stem, 0), reasoning, isJoined ? first : null, 'completed'));
  if (hasMessage) {
    const content = [
      ...(text !== '' || refusal === null ? [writeOutputText(text)] : []),
      ...(refusal === null ? [] : [writeRefusal(refusal)]),
    ];
    items.push(writeMessage(itemId('msg', stem, items.length), content, calls.length === 0 ? status : 'completed'));
  }
  for (const [at, call] of calls.entries()) {
    const { id, carried } = encrypts ? splitCarried(call.id) : { id: call.id, carried: null };
    if (carried !== null && !(at === 0 && isJoined))
      items.push(writeReasoning(itemId('rs', stem, items.length), null, carried, 'completed'));
    const callStatus = at === calls.length - 1 ? status : 'completed';
    items.push(writeCall(itemId('fc', stem, items.length), id, call.name, call.arguments === '' ? '{}' : call.arguments, callStatus));
  }
  return items;
}
