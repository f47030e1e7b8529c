import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { finding } from '../diagnostics/finding.ts';
import { explainSyntax } from './explain-syntax.ts';
import type { Entry, MapTree, Spot, Tree } from './tree.ts';

/** Bounds of one file. A policy of 10,000 rules is about 2 MB and 100,000 values. */
export const MOST_CHARACTERS = 8 * 1024 * 1024;
export const MOST_VALUES = 500_000;
export const DEEPEST = 32;

/**
 * Reads one file; null, with findings added, where it is not one readable YAML map within the bounds. An empty file is an empty map.
 * What of the text is not in the tree is added to `doubts`.
 */
export function readYaml(file: string, text: string, diagnostics: Diagnostic[], doubts: string[]): MapTree | null {
  const tree = readWithin(file, text, diagnostics, doubts);
  if (tree === null) doubts.push(text);
  return tree;
}

function readWithin(file: string, text: string, diagnostics: Diagnostic[], doubts: string[]): MapTree | null {
  const start: Spot = { place: { file, line: 1, column: 1 }, length: 1 };
  if (text.length > MOST_CHARACTERS) {
    diagnostics.push(
      finding('too-large', start, `the file has more than ${MOST_CHARACTERS} characters`, 'split the policy into several files'),
    );
    return null;
  }
  try {
    return new Reader(file, text, diagnostics, doubts).read(start);
  } catch (cause) {
    // The YAML library descends recursively; so deep a nesting is never meant.
    if (!(cause instanceof RangeError)) throw cause;
    diagnostics.push(finding('too-large', start, 'the file is nested too deep to be read', `nest at most ${DEEPEST} levels`));
    return null;
  }
}

/** Thrown inside this file alone, to leave a walk that has met a bound. */
class Stop extends Error {}

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #diagnostics: Diagnostic[];
  readonly #doubts: string[];
  /** The latest node of each anchor so far: `Alias.resolve` would search the document every time. */
  readonly #anchors = new Map<string, Node>();
  /** How many aliases the walk is inside of; anchors met there are old ones. */
  #expanding = 0;
  #values = 0;

  constructor(file: string, text: string, diagnostics: Diagnostic[], doubts: string[]) {
    this.#file = file;
    this.#text = text;
    this.#diagnostics = diagnostics;
    this.#doubts = doubts;
  }

  read(start: Spot): MapTree | null {
    const lone = /\r(?!\n)/.exec(this.#text);
    if (lone !== null) {
      // A line break to editors and to YAML 1.2, not to the library: what it hides in a comment would be read by people alone.
      return this.#stop(
        'yaml-syntax',
        this.#spot(lone.index, lone.index + 1),
        'a carriage return without a line feed',
        'end lines with a line feed, or with both',
      );
    }
    const documents = parseAllDocuments(this.#text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: false,
      strict: true,
      logLevel: 'silent',
    });
    if (!Array.isArray(documents) || documents.length === 0) return { kind: 'map', ...start, entries: new Map() };
    // One message a file: what comes after the first fault of syntax is mostly its echo.
    const faults = documents.flatMap((document) => [...document.errors, ...document.warnings]).sort((a, b) => a.pos[0] - b.pos[0]);
    if (faults.length > 0) return this.#refuse(faults[0], faults);
    if (documents.length > 1) {
      const second = documents[1].range[0];
      const line = this.#text.slice(0, second).lastIndexOf('---', second);
      return this.#stop(
        'yaml-syntax',
        this.#spot(line < 0 ? second : line, second),
        'the file holds more than one YAML document',
        'put each document into a file of its own, or remove the `---` between them',
      );
    }
    const contents = documents[0].contents as Node | null;
    if (contents === null || (isScalar(contents) && contents.value === null)) return { kind: 'map', ...start, entries: new Map() };
    try {
      const tree = this.#tree(contents, 0);
      if (tree.kind === 'map') return tree;
      return this.#stop(
        'wrong-type',
        tree,
        `a policy file is ${tree.kind === 'list' ? 'a list' : 'a single value'}, expected a map of sections`,
        'begin with a section, such as `backends:`',
      );
    } catch (cause) {
      if (cause instanceof Stop) return null;
      throw cause;
    }
  }

  #refuse(fault: YAMLError, others: readonly YAMLError[]): null {
    const [message, help] = explainSyntax(fault, others);
    return this.#stop('yaml-syntax', this.#spot(fault.pos[0], fault.pos[1]), message, help);
  }

  #stop(rule: 'yaml-syntax' | 'too-large' | 'wrong-type', spot: Spot, message: string, help: string): null {
    this.#diagnostics.push(finding(rule, spot, message, help));
    return null;
  }

  #tree(node: Node, depth: number): Tree {
    const spot = this.#spotOf(node);
    if (depth > DEEPEST || ++this.#values > MOST_VALUES) {
      const what = depth > DEEPEST ? `nested more than ${DEEPEST} levels deep` : `more than ${MOST_VALUES} values, aliases expanded`;
      this.#stop('too-large', spot, what, 'write the policy flatter, with fewer anchors');
      throw new Stop();
    }
    if (!isAlias(node) && node.anchor !== undefined && this.#expanding === 0) this.#anchors.set(node.anchor, node);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) {
        this.#stop(
          'yaml-syntax',
          spot,
          `there is no anchor \`&${node.source}\` above this alias`,
          'put a text that begins with `*` in quotes; an anchor is defined before it is used, in the same file',
        );
        throw new Stop();
      }
      this.#expanding++;
      const tree = this.#tree(target, depth + 1);
      this.#expanding--;
      return tree;
    }
    if (isMap(node)) return { kind: 'map', ...spot, entries: this.#entries(node, depth) };
    if (isSeq(node)) return { kind: 'list', ...spot, items: node.items.map((item) => this.#tree(item as Node, depth + 1)) };
    const scalar = node as Scalar;
    return { kind: 'leaf', ...spot, value: leafOf(scalar), beside: scalar.comment?.trim() || null };
  }

  #entries(map: YAMLMap, depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: Entry[] = [];
    const twice: { name: string; again: Spot; first: Spot }[] = [];
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = isAlias(pair.key) ? this.#anchors.get(pair.key.source) : pair.key;
      const spot = this.#spotOf(pair.key);
      if (!isScalar(key)) {
        this.#stop('yaml-syntax', spot, 'a key is a map or a list', 'write a plain name before the `:`');
        throw new Stop();
      }
      if (!isAlias(pair.key) && key.anchor !== undefined && this.#expanding === 0) this.#anchors.set(key.anchor, key);
      const name = nameOf(key);
      if (name === '<<' && key.type === 'PLAIN' && pair.value !== null) {
        merged.push(...this.#mergedEntries(this.#tree(pair.value, depth + 1)));
        continue;
      }
      const value: Tree = pair.value === null ? { kind: 'leaf', ...spot, value: null, beside: null } : this.#tree(pair.value, depth + 1);
      const first = entries.get(name);
      if (first === undefined) entries.set(name, { name, key: spot, value });
      else {
        const range = pair.value?.range;
        if (range) this.#doubts.push(this.#text.slice(range[0], range[1]));
        twice.push({ name, again: spot, first: first.key });
      }
    }
    // Sections and their entries are each a definition of their own.
    if (depth < 2) for (const one of twice) this.#reportTwice([one]);
    else if (twice.length > 0) this.#reportTwice(twice);
    // A merge key only fills in: what the map says itself wins, and the first merged map wins over later ones.
    for (const entry of merged) if (!entries.has(entry.name)) entries.set(entry.name, entry);
    return entries;
  }

  /** Several at once are one mistake: a line between two entries that has gone. */
  #reportTwice(twice: readonly { readonly name: string; readonly again: Spot; readonly first: Spot }[]): void {
    const names = twice.map(({ name }) => `\`${name}\``);
    const [message, help] =
      names.length === 1
        ? [`${names[0]} is written twice`, 'keep one of the two']
        : [`${names.slice(0, -1).join(', ')} and ${names.at(-1)} are written twice`, 'keep one of each; perhaps a line is missing above'];
    const related = twice.map(({ name, first }) => ({ message: `\`${name}\` is first written here`, place: first.place }));
    this.#diagnostics.push(finding('duplicate-name', twice[0].again, message, help, related));
  }

  #mergedEntries(tree: Tree): Entry[] {
    if (tree.kind === 'map') return [...tree.entries.values()];
    if (tree.kind === 'list')
      return tree.items.flatMap((item) => (item.kind === 'map' ? [...item.entries.values()] : this.#notMergeable(item)));
    return this.#notMergeable(tree);
  }

  #notMergeable(spot: Spot): never {
    this.#stop('yaml-syntax', spot, 'the merge key `<<` takes maps only', 'merge an anchor of a map, such as `<<: *defaults`');
    throw new Stop();
  }

  #spotOf(node: Node | null): Spot {
    const range = node?.range;
    if (!range) return this.#spot(0, 1);
    return this.#spot(range[0], range[1]);
  }

  #spot(from: number, to: number): Spot {
    const { line, col } = this.#lines.linePos(Math.min(from, this.#text.length));
    const end = this.#text.indexOf('\n', from);
    const lineEnd = end < 0 ? this.#text.length : end;
    const text = this.#text.slice(from, Math.min(to, lineEnd)).trimEnd();
    return { place: { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) }, length: Math.max(1, text.length) };
  }
}

/** The text of a key: as written where it is plain, so that `1.0` and `no` stay what the author reads. */
function nameOf(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function leafOf(scalar: Scalar): string | number | boolean | null {
  const value = scalar.value;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return value;
  return scalar.source ?? String(value);
}
