import { BadRequest } from '../../intent/bad-request.ts';

/** Most mistakes that are told at once, and most warnings that are sent. */
const MOST = 16;

/** What is found on the way through a request: what was changed, and what can't be said at all. Refusals are told all at once. */
export class RequestNotes {
  readonly #warnings = new Set<string>();
  readonly #refusals: { readonly message: string; readonly param: string }[] = [];

  /** @param token lower case, as `X-Nexus-Warning` carries it; the same one counts once. */
  warn(token: string): void {
    if (this.#warnings.size < MOST) this.#warnings.add(token);
  }

  /** @param param the top-level parameter at fault. */
  refuse(param: string, message: string): void {
    if (this.#refusals.length < MOST) this.#refusals.push({ message, param });
  }

  /** @throws BadRequest where anything was refused. */
  close(): readonly string[] {
    if (this.#refusals.length > 0) {
      throw new BadRequest(this.#refusals.map(({ message }) => message).join('; '), this.#refusals[0].param, null);
    }
    return [...this.#warnings];
  }
}
