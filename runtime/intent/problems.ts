import { BadRequest } from './bad-request.ts';

/** Collects everything that is wrong with a body, so that the caller hears all of it at once. */
export class Problems {
  readonly #found: BadRequest[] = [];

  add(param: string | null, code: string | null, message: string): void {
    this.#found.push(new BadRequest(message, param, code));
  }

  /** `wanted` and `got` with their article: `a string`. */
  addType(param: string, wanted: string, got: string): void {
    this.add(param, 'invalid_type', `Invalid type for '${param}': expected ${wanted}, but got ${got} instead.`);
  }

  /** Throws what was found: the first one's param and code, everybody's words. */
  throwAny(): void {
    if (this.#found.length === 0) return;
    const [first] = this.#found;
    throw new BadRequest(this.#found.map((problem) => problem.message).join(' '), first.param, first.code);
  }
}
