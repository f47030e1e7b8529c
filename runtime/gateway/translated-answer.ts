import type { Usage } from '../../schema/usage.ts';
import { TranslationError } from '../backends/translate/translator.ts';
import type { AnswerBody } from './answer-body.ts';
import { withoutBody } from './translated-stream.ts';

/** Most bytes of an answer that is held to be translated: above every answer of a model, below what could hurt. */
const LIMIT = 64 << 20;

/** An answer in the caller's words. */
export interface SaidAnswer {
  readonly body: Buffer;
  readonly usage: Usage | null;
  readonly warnings?: readonly string[];
}

/** A whole answer said anew: held until its last byte, since half of one can't be translated. */
export class TranslatedAnswer implements AnswerBody {
  readonly keepsLength = false;
  readonly events = 0;
  readonly #translate: (body: Buffer) => SaidAnswer;
  readonly #hold: (bytes: number) => boolean;
  #parts: Buffer[] = [];
  #size = 0;
  #said: SaidAnswer | null = null;

  /** @param hold counts bytes as held; false where all that is held takes too much memory. */
  constructor(translate: (body: Buffer) => SaidAnswer, hold: (bytes: number) => boolean) {
    this.#translate = translate;
    this.#hold = hold;
  }

  get usage(): Usage | null {
    return this.#said?.usage ?? null;
  }

  get characters(): number {
    return this.#size;
  }

  get warnings(): readonly string[] {
    return this.#said?.warnings ?? [];
  }

  head(picked: string[], whole: Buffer | null): string[] {
    const headers = [...withoutBody(picked), 'content-type', 'application/json'];
    if (whole !== null) headers.push('content-length', String(whole.length));
    return headers;
  }

  take(chunk: Buffer): null {
    this.#size += chunk.length;
    if (this.#size > LIMIT) throw new TranslationError(`the answer is larger than ${LIMIT} bytes`);
    if (!this.#hold(chunk.length)) throw new TranslationError('the bodies of all requests and answers take too much memory');
    this.#parts.push(Buffer.from(chunk));
    return null;
  }

  finish(): Buffer {
    const body = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#said = this.#translate(body);
    return this.#said.body;
  }

  cut(): null {
    return null;
  }

  isTerminated(): boolean {
    return false;
  }
}
