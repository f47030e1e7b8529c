import type { IncomingHttpHeaders } from 'node:http';
import { openMeter } from '../../backends/meter/open-meter.ts';
import type { Wire } from '../../backends/meter/wire.ts';
import { TranslationError } from '../../backends/translate/translator.ts';
import { MeteredBody } from '../metered-body.ts';
import { NativeStream } from '../native-stream.ts';
import { PLAIN_BODY } from '../answer-body.ts';
import type { Headers, Way } from './way.ts';

/** Names of features, as they are written; anything longer is none. */
const PASSED = /^[\w.,: -]{1,1024}$/;

/** Caller and backend speak the same API, and it is not OpenAI's chat completions: the caller's own bytes go on, and the answer untouched. */
export const NATIVE: Way = {
  write({ route: { ingress }, request, received }, { backend, config }, cap) {
    const { path, headers, passes } = backend.dialect.natives[ingress!.name]!;
    return {
      path,
      headers: [...headers, ...pickPassed(request.headers, passes)],
      body: ingress!.native(received!, config.upstream, cap),
      warnings: [],
    };
  },
  openBody({ route: { ingress }, entered }, { backend, metered }, headers) {
    const { wire } = backend.dialect.natives[ingress!.name]!;
    const { stream } = entered!;
    if (stream) expectStream(headers, wire, backend.config.name);
    const inner = stream ? new NativeStream(wire, backend.config.name, () => ingress!.openStream(entered!)) : PLAIN_BODY;
    return metered ? new MeteredBody(inner, openMeter(wire, entered!.stream), null) : inner;
  },
  readFailure: (_exchange, _route, failure) => ({ ...failure, words: failure.words, told: 'caller' }),
};

/** Those headers of the caller that say how its body is meant. */
function pickPassed(headers: IncomingHttpHeaders, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' && PASSED.test(value) ? [name, value] : [];
  });
}

/** @throws TranslationError where a stream was asked for, and what comes can't be one: its end could not be seen, nor told. */
function expectStream({ 'content-type': type, 'content-encoding': encoding }: Headers, wire: Wire, name: string): void {
  if (encoding !== undefined && encoding !== 'identity')
    throw new TranslationError(`\`${name}\` answers compressed although it was asked not to`);
  const right = wire === 'ollama' ? /^application\/(?:x-ndjson|jsonl?|ndjson)\b/ : /^text\/event-stream\b/;
  if (typeof type !== 'string' || !right.test(type))
    throw new TranslationError(`\`${name}\` was asked for a stream and answers with something else`);
}
