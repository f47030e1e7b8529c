import { TranslationError } from '../translate/translator.ts';
import { joinThought } from './thought-id.ts';

/** More calls than this are a model that runs wild. */
const MOST = 1024;

/** Ids for the calls of one answer: Google's own where it gives them, else made from the answer's id, which is as unique. */
export class CallIds {
  readonly #stem: string;
  readonly #seen = new Set<string>();

  constructor(answerId: string) {
    this.#stem = `call_${answerId.replace(/^chatcmpl-/, '')}`;
  }

  /** Null for a call that was told before: an event that came twice. */
  next(own: unknown, signature: string | null): string | null {
    const isOwn = typeof own === 'string' && own !== '';
    const id = isOwn ? own : `${this.#stem}_${this.#seen.size}`;
    if (isOwn && this.#seen.has(id)) return null;
    if (this.#seen.size === MOST) throw new TranslationError(`the answer makes more than ${MOST} calls`);
    this.#seen.add(id);
    return joinThought(id, signature);
  }
}
