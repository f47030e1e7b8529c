import type { LeafTree, ListTree, MapTree, Tree } from '../parse/tree.ts';
import type { KeyPath } from './key-path.ts';

/** What stands at a path; undefined where nothing does. */
export function treeAt(tree: Tree | undefined, ...path: KeyPath): Tree | undefined {
  let node = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

export function mapAt(tree: Tree | undefined, ...path: KeyPath): MapTree['entries'] {
  const node = treeAt(tree, ...path);
  return node?.kind === 'map' ? node.entries : new Map();
}

export function itemsAt(tree: Tree | undefined, ...path: KeyPath): ListTree['items'] {
  const node = treeAt(tree, ...path);
  return node?.kind === 'list' ? node.items : [];
}

/** The text, trimmed; null where there is none, or something else. */
export function textAt(tree: Tree | undefined, ...path: KeyPath): string | null {
  const node = treeAt(tree, ...path);
  if (node?.kind !== 'leaf' || node.value === null || typeof node.value === 'boolean') return null;
  return String(node.value).trim();
}

/** The number, also where it is written as text; null where there is none. */
export function numberAt(tree: Tree | undefined, ...path: KeyPath): number | null {
  const text = textAt(tree, ...path);
  if (text === null || text === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** True and false, as Python's YAML reads them. */
export function switchAt(tree: Tree | undefined, ...path: KeyPath): boolean | null {
  const node = treeAt(tree, ...path);
  if (node?.kind !== 'leaf') return null;
  if (typeof node.value === 'boolean') return node.value;
  if (typeof node.value !== 'string') return null;
  if (/^(true|yes|on)$/i.test(node.value)) return true;
  return /^(false|no|off)$/i.test(node.value) ? false : null;
}

/** The variable that `os.environ/NAME` names; null where the text is something else. */
export function variableOf(text: string | null): string | null {
  const [, name] = /^os\.environ\/([A-Za-z_][A-Za-z0-9_]{0,255})$/.exec(text ?? '') ?? [];
  return name ?? null;
}

/** Every leaf with the key it stands under. */
export function* leavesOf(tree: Tree, under = ''): Generator<readonly [string, LeafTree]> {
  if (tree.kind === 'leaf') yield [under, tree];
  else if (tree.kind === 'list') for (const item of tree.items) yield* leavesOf(item, under);
  else for (const [name, { value }] of tree.entries) yield* leavesOf(value, name);
}
