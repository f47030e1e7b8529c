import type { TargetConfig } from '../../../schema/manifest.ts';
import type { Usage } from '../../../schema/usage.ts';

/** A parsed OpenAI chat completions body: checked for shape at the edge, everything inside messages as the caller sent it. */
export type ChatBody = Readonly<Record<string, unknown>> & { readonly model: string; readonly messages: readonly unknown[] };

/** One HTTP call in the dialect's own form, without authorization. */
export interface DialectCall {
  readonly path: string;
  /** Flat name, value list. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** What could not be expressed as asked and was changed; goes to `X-Nexus-Warning`. Lower-case tokens such as `temperature-clamped=1`. */
  readonly warnings: readonly string[];
}

/** An answer in OpenAI's form. */
export interface ChatAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly usage: Usage | null;
  /** Seconds, rounded up, from whatever form the provider gave it in; null = none. */
  readonly retryAfter: number | null;
  /** What the answer said that OpenAI has no word for; goes to the log. Tokens such as `stop-reason-unknown=nap`. */
  readonly warnings?: readonly string[];
}

/**
 * How OpenAI chat completions are said in a dialect and its answers in OpenAI's words. Pure and synchronous; one per dialect. What a
 * dialect can't express is refused (`BadRequest`, naming the parameter) or told in `warnings`, never dropped in silence.
 */
export interface Translator {
  /** @throws BadRequest for what the dialect can't express. `cap`: the output cap that must stand, null = the caller's own. */
  write(body: ChatBody, target: TargetConfig, cap: number | null): DialectCall;
  /** A whole 2xx answer. @throws TranslationError where it is not what the dialect says: never an empty success. */
  readAnswer(body: Buffer, asked: Asked): ChatAnswer;
  /** An answer outside 2xx: its status kept or mapped, its message and kind in OpenAI's error envelope, `Retry-After` from any form. */
  readError(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer): ChatAnswer;
  openStream(asked: Asked): StreamTranslator;
}

/** What of the request an answer's translation needs. */
export interface Asked {
  /** The model's name as the caller knows it. */
  readonly model: string;
  /** Id and time of the answer: `chatcmpl-…` and Unix seconds. */
  readonly id: string;
  readonly created: number;
  /** The caller asked for `stream_options.include_usage`. */
  readonly includeUsage: boolean;
}

/** Turns a provider's stream into OpenAI's, however its bytes are cut. Holds no more than one event. */
export interface StreamTranslator {
  /**
   * Bytes in, bytes out (none where no event is complete). @throws TranslationError for what is no event of the dialect, or over the bound,
   * or the provider's own error. What went before it in the same chunk is handed out first, the error thrown by the next call.
   */
  push(chunk: Buffer): Buffer;
  /** The provider's stream ended: what is left to say, `data: [DONE]` included. @throws TranslationError where it ended too early. */
  end(): Buffer;
  /** Usage as far as it is known: the last cumulative figures. */
  readonly usage: Usage | null;
  /** An event said that the stream ended in order: later bytes don't matter. */
  readonly isComplete: boolean;
  /** As of a `ChatAnswer`. */
  readonly warnings?: readonly string[];
}

/** The provider said something that can't be told in OpenAI's words, or said it wrongly: an upstream failure, told as such. */
export class TranslationError extends Error {
  /** Where a provider reported its own failure inside a stream or an answer that began as 200: that failure, as `readError` tells one. */
  readonly answer: ChatAnswer | null;

  constructor(message: string, answer: ChatAnswer | null = null) {
    super(message);
    this.name = 'TranslationError';
    this.answer = answer;
  }
}
