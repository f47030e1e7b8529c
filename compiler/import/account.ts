import { maskSecrets } from '../diagnostics/mask-secrets.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { keyAt } from '../parse/spot-at.ts';
import type { MapTree } from '../parse/tree.ts';
import { type KeyPath, listKeyPaths, writeKeyPath } from './key-path.ts';
import { KNOWN_KEYS } from './known-keys.ts';
import type { Fate, Note } from './note.ts';
import { findSecrets, isSecretName } from './secrets.ts';
import { treeAt, variableOf } from './tree-values.ts';

const LOOK_UP = 'look up what it does there, and whether `docs/reference.md` has its equal';

type Draft = Omit<Note, 'covers'> & { readonly path: KeyPath };

/** Keeps account of what became of every key of a file: what nobody has spoken for when it is closed is told as unknown. */
export class Account {
  readonly #tree: MapTree;
  readonly #drafts: Draft[] = [];
  readonly #told = new Set<string>();

  constructor(tree: MapTree) {
    this.#tree = tree;
  }

  carried(path: KeyPath, message: string): void {
    this.#add('carried', path, message, null);
  }

  changed(path: KeyPath, message: string, help: string): void {
    this.#add('changed', path, message, help);
  }

  leftOut(path: KeyPath, message: string, help: string): void {
    const tree = treeAt(this.#tree, ...path);
    const secrets = tree === undefined ? [] : findSecrets(tree, String(path.findLast((step) => typeof step === 'string') ?? ''));
    const open = secrets.map((name) => `\`${name}\``).join(', ');
    const rotate =
      secrets.length === 0
        ? ''
        : `; ${open} ${secrets.length === 1 ? 'stands' : 'stand'} in the file in the open: rotate what was ever committed`;
    this.#add('left-out', path, message, `${help}${rotate}`);
  }

  /** All notes by place; every key of the file is the `key` of a note, or in the `covers` of exactly one. */
  close(): Note[] {
    const noted = new Set(this.#drafts.map(({ key }) => key));
    const above = new Set<string>();
    for (const { path } of this.#drafts) for (let end = 1; end < path.length; end++) above.add(writeKeyPath(path.slice(0, end)));
    const covers = new Map<string, string[]>();
    for (const path of listKeyPaths(this.#tree)) {
      const prefixes: KeyPath[] = path.map((_, at) => path.slice(0, at + 1));
      let speaker = prefixes.findLast((prefix) => noted.has(writeKeyPath(prefix)));
      if (speaker === undefined) {
        // The highest key that nobody below has spoken for, so that an unknown section is one note.
        speaker = prefixes.find((prefix) => typeof prefix.at(-1) === 'string' && !above.has(writeKeyPath(prefix))) ?? path;
        this.leftOut(speaker, 'not a key that the import knows', didYouMean(String(speaker.at(-1)), KNOWN_KEYS, LOOK_UP));
        noted.add(writeKeyPath(speaker));
      }
      const key = writeKeyPath(speaker);
      const own = writeKeyPath(path);
      if (own !== key) covers.set(key, [...(covers.get(key) ?? []), own]);
    }
    const told = new Set<string>();
    return this.#drafts
      .map(({ path: _, ...draft }) => {
        const first = !told.has(draft.key);
        told.add(draft.key);
        return { ...draft, key: maskSecrets(draft.key), covers: first ? (covers.get(draft.key) ?? []).map(maskSecrets) : [] };
      })
      .sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  }

  #add(fate: Fate, path: KeyPath, message: string, help: string | null): void {
    const key = writeKeyPath(path);
    // A credential that several deployments share is read several times.
    const id = JSON.stringify([key, message]);
    if (this.#told.has(id)) return;
    this.#told.add(id);
    this.#drafts.push({
      fate,
      path,
      key,
      message: maskSecrets(message),
      help: help === null ? null : maskSecrets(help),
      place: keyAt(this.#tree, ...path).place,
      shown: this.#show(path),
    });
  }

  #show(path: KeyPath): string | null {
    const tree = treeAt(this.#tree, ...path);
    if (tree?.kind !== 'leaf') return null;
    if (typeof tree.value === 'string') return variableOf(tree.value) === null ? null : tree.value;
    return path.some((step) => typeof step === 'string' && (isSecretName(step) || step === 'environment_variables'))
      ? null
      : String(tree.value);
  }
}
