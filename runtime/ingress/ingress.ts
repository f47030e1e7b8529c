import type { Endpoint } from '../../schema/vocabulary.ts';
import type { NativeApi } from '../backends/dialect.ts';
import type { JsonObject } from '../backends/translate/json-object.ts';

/** What a body in a caller's own API says, in OpenAI's words. */
export interface IngressRequest {
  /** The body of the ingress's `endpoint` that means the same: what is analyzed, routed, and sent to servers that speak OpenAI's API. */
  readonly chat: Buffer;
  /**
   * The same for dialects that translate (`Dialect.chat`), with what they alone can say: thoughts in the ids of the calls they led to,
   * and marks of prompt caches. The same object as `chat` where there is none of it.
   */
  readonly pivot: Buffer;
  readonly stream: boolean;
  /** The model's name as the caller wrote it. */
  readonly model: string;
  /**
   * The caller's own bytes may go to a backend that speaks this API. False where they hold what we made and its provider would refuse: a
   * thought without a signature, ids of another provider's. Such a request is translated there, too.
   */
  readonly mayGoNative: boolean;
  /** Under a lower output cap than this, the caller's own bytes would contradict themselves: then it is translated there, too. 0 = never. */
  readonly leastCap: number;
  /** What chat completions can't say and was changed or left out; told in `X-Nexus-Warning` only where the request is translated. Tokens as of `DialectCall`. */
  readonly warnings: readonly string[];
  /** What the answer needs of the request, or repeats of it. */
  readonly echo: JsonObject;
}

/** An error in OpenAI's envelope, with its status: what every failure is before an ingress says it in its own words. */
export interface IngressError {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  /** As of `X-Request-Id`; null = none. */
  readonly requestId: string | null;
}

/** Turns a chat completions stream (SSE bytes, however they are cut) into the caller's own. */
export interface IngressStream {
  /**
   * Bytes in, bytes out; none where no event is complete. @throws TranslationError for what is no chat completions stream, for its own
   * error, or over a bound. What went before it in the same chunk is handed out first, the error thrown by the next call.
   */
  push(chunk: Buffer): Buffer;
  /** The stream ended in order: what is left to say. @throws TranslationError where it ended too early. */
  end(): Buffer;
  /** The stream failed after its first byte: the one terminal event that says so. Nothing where the last event has been said. */
  fail(error: IngressError): Buffer;
}

/**
 * An API that callers speak beside chat completions: said in OpenAI's words on the way in, and answered in its own. Pure and
 * synchronous; one folder each. Where the chosen backend speaks the same API, the caller's own bytes go on (`native`) and the answer
 * comes back untouched.
 */
export interface Ingress {
  readonly name: NativeApi;
  /** What of OpenAI's API the bodies are said in. */
  readonly endpoint: Endpoint;
  /** Content type of its streams. */
  readonly streamType: string;
  /** @throws BadRequest that names everything wrong at once. */
  read(body: Buffer): IngressRequest;
  /**
   * The same without its wish that the model thinks, which is told: for a name none of whose candidates can. Absent where the wish is a
   * demand.
   */
  readThoughtless?(body: Buffer): IngressRequest;
  /** A whole answer of OpenAI's API, said in this one. @throws TranslationError. */
  writeAnswer(answer: Buffer, request: IngressRequest): Buffer;
  /** Only for requests whose `stream` is true. A chat body that streams asks for usage, which must reach the stream. */
  openStream(request: IngressRequest): IngressStream;
  /** The body of an error answer; its status stays. `extra`: members that the gateway adds beside the error (`context`, `rejection_reasons`). */
  writeError(error: IngressError, extra: JsonObject): Buffer;
  /** The caller's own bytes for a backend that speaks this API: `model` and, where `cap` is given, the output cap spliced, every other byte as it was. */
  native(body: Buffer, model: string, cap: number | null): Buffer;
}
