import type { Usage } from '../../../schema/usage.ts';
import type { UpstreamCall } from '../../backends/dialect.ts';
import { openMeter } from '../../backends/meter/open-meter.ts';
import { readAskedEmbeddings } from '../../backends/translate/read-asked-embeddings.ts';
import { type Asked, TranslationError } from '../../backends/translate/translator.ts';
import type { Route } from '../../router/live-router.ts';
import type { Exchange } from '../exchange.ts';
import { StreamBody } from '../stream-body.ts';
import { type SaidAnswer, TranslatedAnswer } from '../translated-answer.ts';
import { type ChatSource, TranslatedStream, withoutBody } from '../translated-stream.ts';
import type { Way } from './way.ts';

const CHAT_STREAM = 'text/event-stream; charset=utf-8';
/** Tokens of embeddings' input that are counted where the backend does not tell them. */
const COUNTED = 1 << 20;

/** Caller and backend speak different APIs: what is asked and what is answered are said anew, with chat completions between them. */
export const TRANSLATE: Way = {
  write(exchange, { backend, config }, cap): UpstreamCall {
    const { dialect } = backend;
    const { endpoint } = exchange.route;
    const { asked, entered } = exchange;
    const speaksOpenAi = (endpoint === 'chat' ? dialect.chat : dialect.embeddings) === null;
    const request = entered === null || speaksOpenAi ? asked! : { ...asked!, buffer: entered.pivot };
    // The caps of other APIs have other names: said as a cap of ours, it gets the one that the backend takes.
    const most = entered !== null && speaksOpenAi ? (cap ?? asked!.body.maxOutputTokens) : cap;
    const call = dialect.write(endpoint, request, config, most);
    return entered === null || entered.warnings.length === 0 ? call : { ...call, warnings: [...entered.warnings, ...call.warnings] };
  },

  openBody(exchange, route, headers) {
    if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
      throw new TranslationError(`\`${route.backend.config.name}\` answers compressed although it was asked not to`);
    const { ingress } = exchange.route;
    const { asked, entered } = exchange;
    if (!asked!.stream)
      return new TranslatedAnswer(
        (body) => translate(exchange, route, body),
        (bytes) => exchange.hold(bytes),
      );
    const source = route.backend.dialect.chat?.openStream(describeAsked(exchange, route)) ?? openChatSource(route.backend.config.name);
    return ingress === null
      ? new TranslatedStream(source, null, CHAT_STREAM)
      : new TranslatedStream(source, ingress.openStream(entered!), ingress.streamType);
  },

  readFailure(exchange, { backend }, failure) {
    const { dialect } = backend;
    const translator = exchange.route.endpoint === 'chat' ? dialect.chat : dialect.embeddings;
    if (failure.body === null) return failure;
    // What it says is said anew, in the caller's words: headers of its own body would be wrong.
    if (translator === null) return { ...failure, headers: [...withoutBody(failure.headers), 'content-type', 'application/json'] };
    const headers: Record<string, string> = {};
    for (let at = 0; at < failure.headers.length; at += 2) headers[failure.headers[at]] = failure.headers[at + 1];
    const { status, body, retryAfter } = translator.readError(failure.status, headers, failure.body);
    const kept = [...withoutWaits(withoutBody(failure.headers)), 'content-type', 'application/json'];
    if (retryAfter !== null) kept.push('retry-after', String(retryAfter));
    return { ...failure, status, body, headers: kept };
  },
};

/** Headers without those that the translator has read. */
function withoutWaits(headers: readonly string[]): string[] {
  return headers.filter((_, at) => !headers[at - (at % 2)].startsWith('retry-after'));
}

/** What an answer's translation has to know of the request. Its model is the one that answers, as in answers that pass through. */
function describeAsked({ id, asked }: Exchange, { config }: Route): Asked {
  return { model: config.model, id: `chatcmpl-${id}`, created: Math.floor(Date.now() / 1e3), includeUsage: asked!.includeUsage };
}

function translate(exchange: Exchange, route: Route, body: Buffer): SaidAnswer {
  const { ingress } = exchange.route;
  const answer = readWhole(exchange, route, body);
  return ingress === null ? answer : { ...answer, body: ingress.writeAnswer(answer.body, exchange.entered!) };
}

function readWhole(exchange: Exchange, route: Route, body: Buffer): SaidAnswer {
  const { config } = route;
  const { dialect } = route.backend;
  const { endpoint } = exchange.route;
  if (endpoint === 'chat' && dialect.chat !== null) return dialect.chat.readAnswer(body, describeAsked(exchange, route));
  if (endpoint === 'embeddings' && dialect.embeddings !== null) {
    const { buffer } = exchange.asked!;
    // A long input is told by its bytes, since the count would keep others waiting.
    const tokens = Math.min(exchange.tokens!.high, exchange.tokens!.exact(config.encoding, COUNTED));
    return dialect.embeddings.readAnswer(body, { ...readAskedEmbeddings(JSON.parse(buffer.toString()), tokens), model: config.model });
  }
  const meter = openMeter(endpoint, false);
  meter.see(body);
  meter.end();
  return { body, usage: meter.usage };
}

/** A backend that speaks chat completions already: the stream as it comes, known to be whole at its end. */
function openChatSource(backendName: string): ChatSource {
  const body = new StreamBody(backendName);
  const meter = openMeter('chat', true);
  return {
    push(chunk) {
      meter.see(chunk);
      return body.take(chunk);
    },
    end() {
      body.finish();
      meter.end();
      return Buffer.alloc(0);
    },
    get isComplete(): boolean {
      return false;
    },
    get usage(): Usage | null {
      return meter.usage;
    },
  };
}
