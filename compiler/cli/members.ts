import { didYouMean } from '../diagnostics/suggest.ts';
import { UsageError } from './command.ts';

/** What is wrong with a JSON file, found all at once. */
export class Faults {
  readonly #file: string;
  readonly #help: string;
  readonly #found: string[] = [];

  /** `help` says how such a file is written. */
  constructor(file: string, help: string) {
    this.#file = file;
    this.#help = help;
  }

  add(fault: string): void {
    this.#found.push(fault);
  }

  /** @throws UsageError that names every fault. */
  throwAny(): void {
    if (this.#found.length > 0) throw new UsageError(`\`${this.#file}\`: ${this.#found.join('; ')}`, this.#help);
  }
}

/** The members of a JSON object, read one by one; what is left over, is no object or has another form is a fault. */
export class Members {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #faults: Faults;
  readonly #known = new Set<string>();

  constructor(value: unknown, path: string, faults: Faults) {
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (!isObject) faults.add(`\`${path}\` is no object`);
    this.#members = isObject ? (value as Record<string, unknown>) : {};
    this.#path = path;
    this.#faults = faults;
  }

  /** The member as `read` takes it, which gives null for what it cannot; the fallback where it is absent or at fault. */
  take<T>(name: string, fallback: T, expected: string, read: (value: unknown) => T | null): T {
    this.#known.add(name);
    const value = this.#members[name];
    if (value === undefined || !Object.hasOwn(this.#members, name)) return fallback;
    const taken = read(value);
    if (taken === null) this.#faults.add(`\`${this.pathOf(name)}\` is ${tell(value)}, expected ${expected}`);
    return taken ?? fallback;
  }

  /** A member that must be there. */
  need<T>(name: string, fallback: T, expected: string, read: (value: unknown) => T | null): T {
    if (!Object.hasOwn(this.#members, name)) this.#faults.add(`\`${this.pathOf(name)}\` is missing, expected ${expected}`);
    return this.take(name, fallback, expected, read);
  }

  /** Members that may be there and mean nothing here. */
  ignore(names: readonly string[]): void {
    for (const name of names) this.#known.add(name);
  }

  /** A member that is an object; without it, one without members. */
  within(name: string): Members {
    this.#known.add(name);
    return new Members(Object.hasOwn(this.#members, name) ? this.#members[name] : {}, this.pathOf(name), this.#faults);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name);
  }

  /** Every member has been named: what has not is a fault. */
  close(): void {
    for (const name of Object.keys(this.#members)) {
      if (!this.#known.has(name))
        this.#faults.add(`\`${this.pathOf(name)}\` is unknown, ${didYouMean(name, [...this.#known], 'remove it')}`);
    }
  }

  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

const LONGEST = 40;

const tell = (value: unknown): string => {
  const text = JSON.stringify(value);
  return `\`${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}\``;
};
