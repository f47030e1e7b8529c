/**
 * The world's failure at start or at a load: what is wrong and what to do about it, fit to be printed as it is.
 * `problems` holds one line per mistake; all of them are reported at once.
 */
export class Failure extends Error {
  readonly slug: string;
  readonly problems: readonly string[];
  readonly help: string;

  constructor(slug: string, problems: readonly string[], help: string) {
    super(`${problems.join('; ')} [${slug}] help: ${help}`);
    this.name = 'Failure';
    this.slug = slug;
    this.problems = problems;
    this.help = help;
  }
}
