import { BadRequest } from '../../intent/bad-request.ts';

/** Most mistakes that are told at once, and most warnings that are sent. */
const MOST = 16;

/** What is found while a request is translated: what had to be changed, and what can't be said at all. Refusals are told all at once. */
export class RequestNotes {
  readonly #warnings = new Set<string>();
  readonly #refusals: BadRequest[] = [];

  /** @param token lower case, as `X-Nexus-Warning` carries it; the same one counts once. */
  warn(token: string): void {
    if (this.#warnings.size < MOST) this.#warnings.add(token);
  }

  /** @param place the place at fault, such as `messages[2].content`; its top-level field becomes the refusal's `param`. */
  refuse(place: string, message: string): void {
    if (this.#refusals.length < MOST) this.#refusals.push(new BadRequest(message, place.replace(/[.[].*$/, ''), null));
  }

  /** The warnings. @throws BadRequest where anything was refused: the first one's parameter, everybody's words. */
  close(): readonly string[] {
    if (this.#refusals.length > 0) {
      throw new BadRequest(this.#refusals.map((refusal) => refusal.message).join('; '), this.#refusals[0].param, null);
    }
    return [...this.#warnings];
  }
}
