import type { Tree } from '../parse/tree.ts';

/** Steps into a YAML value: keys of maps and positions in lists. */
export type KeyPath = readonly (string | number)[];

/** `model_list[0].litellm_params.rpm`; a key that is no plain word stands in brackets and quotes. */
export function writeKeyPath(path: KeyPath): string {
  return path
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return at === 0 ? step : `.${step}`;
    })
    .join('');
}

/** Every key without keys below it, in the order of the text: `a` of `a: [1, 2]`, `a[0].b` and `a[1]` of `a: [{ b: 1 }, 2]`. */
export function listKeyPaths(tree: Tree, path: KeyPath = []): KeyPath[] {
  if (tree.kind === 'map' && tree.entries.size > 0) {
    return [...tree.entries].flatMap(([name, { value }]) => listKeyPaths(value, [...path, name]));
  }
  if (tree.kind === 'list' && tree.items.some(hasKeys)) return tree.items.flatMap((item, at) => listKeyPaths(item, [...path, at]));
  return path.length === 0 ? [] : [path];
}

function hasKeys(tree: Tree): boolean {
  return tree.kind === 'map' ? tree.entries.size > 0 : tree.kind === 'list' && tree.items.some(hasKeys);
}
