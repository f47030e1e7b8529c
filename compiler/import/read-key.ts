import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { KeyPath } from './key-path.ts';
import { isPlaceholder } from './secrets.ts';
import { leavesOf, textAt, treeAt, variableOf } from './tree-values.ts';

/** Names of variables for the keys of a file: one for each key that stands there in the open. */
export class KeyNames {
  readonly #names = new Map<string, string>();
  readonly #taken: Set<string>;

  /** `reserved`: names that no key in the open may take. */
  constructor(root: Tree, reserved: readonly string[]) {
    this.#taken = new Set([
      ...reserved,
      ...[...leavesOf(root)].flatMap(([, { value }]) => variableOf(typeof value === 'string' ? value : null) ?? []),
    ]);
  }

  /** The variable of the key at a path; null where there is none. `usual`: what the provider's is called. `needsKey`: a provider that has keys. */
  read(root: Tree, path: KeyPath, usual: string, needsKey: boolean, account: Account): string | null {
    if (treeAt(root, ...path) === undefined) return null;
    const text = textAt(root, ...path) ?? '';
    const variable = variableOf(text);
    if (variable !== null) {
      account.carried(path, '`api_key_env` of the backend');
      return variable;
    }
    if (text.startsWith('os.environ/')) {
      account.leftOut(path, 'not the name of a variable', 'write `api_key_env` of the backend by hand: letters, digits and `_`');
      return null;
    }
    if (text === '' || (!needsKey && isPlaceholder(text))) {
      account.leftOut(path, 'a placeholder, not a key', 'nothing to do: without `api_key_env` no key is sent');
      return null;
    }
    const name = this.#nameOf(text, usual);
    account.changed(
      path,
      `a key in the open was not copied: the backend reads \`${name}\``,
      `set \`${name}\` where policyd runs; if the file was ever committed or shared, rotate the key first`,
    );
    return name;
  }

  #nameOf(secret: string, usual: string): string {
    const known = this.#names.get(secret);
    if (known !== undefined) return known;
    let name = usual;
    for (let next = 2; this.#taken.has(name); next++) name = `${usual}_${next}`;
    this.#taken.add(name);
    this.#names.set(secret, name);
    return name;
  }
}
