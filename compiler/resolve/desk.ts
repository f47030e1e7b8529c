import type { Rule } from '../diagnostics/catalogue.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { finding } from '../diagnostics/finding.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import type { Policy, Sections } from '../parse/merge.ts';
import type { Spot } from '../parse/tree.ts';

/** What every resolver works at: the sections, and the place where findings are put. */
export class Desk {
  readonly policy: Policy;
  readonly diagnostics: Diagnostic[] = [];

  constructor(policy: Policy) {
    this.policy = policy;
  }

  get sections(): Sections {
    return this.policy.sections;
  }

  /** Adds a finding; gives null, the meaning of what it is about. */
  report(rule: Rule, spot: Spot, message: string, help: string, related: Diagnostic['related'] = []): null {
    this.diagnostics.push(finding(rule, spot, message, help, related));
    return null;
  }
}

/** The names of one kind of thing, and the rows they are bound to. */
export class Register {
  readonly #noun: string;
  readonly #rows = new Map<string, number>();
  readonly #hidden = new Set<string>();

  /** `noun` is what messages call such a thing: `model`, `sla`. */
  constructor(noun: string) {
    this.#noun = noun;
  }

  add(name: string, row: number): void {
    this.#rows.set(name, row);
  }

  /** The name is defined, but by something that has a finding of its own: a reference to it is none, and means nothing. */
  hide(name: string): void {
    if (!this.#rows.has(name)) this.#hidden.add(name);
  }

  has(name: string): boolean {
    return this.#rows.has(name) || this.#hidden.has(name);
  }

  get hidesSome(): boolean {
    return this.#hidden.size > 0;
  }

  names(): string[] {
    return [...this.#rows.keys(), ...this.#hidden];
  }

  row(name: string): number | undefined {
    return this.#rows.get(name);
  }

  /** The row of a name that is referred to; null where there is none, which is a finding unless something else explains it. */
  find(name: string, spot: Spot, desk: Desk): number | null {
    const row = this.#rows.get(name);
    if (row !== undefined) return row;
    if (this.#hidden.has(name) || desk.policy.mayDefine(name)) return null;
    const names = this.names();
    const known =
      names.length === 0
        ? `define it, or remove the reference; no ${this.#noun} is defined`
        : `define it, or use one of ${listSome(names)}`;
    return desk.report('unknown-reference', spot, `there is no ${this.#noun} \`${name}\``, didYouMean(name, names, known));
  }
}

/** A few names for a message. */
function listSome(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `\`${name}\``);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}
