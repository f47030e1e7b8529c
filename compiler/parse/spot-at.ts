import type { Spot, Tree } from './tree.ts';

/** Where the value at a path stands; the nearest thing around it where there is none. */
export function spotAt(tree: Tree, ...path: readonly (string | number)[]): Spot {
  let node = tree;
  for (const step of path) {
    const next: Tree | undefined =
      node.kind === 'map' ? node.entries.get(String(step))?.value : node.kind === 'list' ? node.items[Number(step)] : undefined;
    // `candidates: "*"` stands for a list of one.
    if (next === undefined) break;
    node = next;
  }
  return node;
}

/** Where the key at the end of a path stands; the value, where the path leads into a list. */
export function keyAt(tree: Tree, ...path: readonly (string | number)[]): Spot {
  let node = tree;
  let spot: Spot = tree;
  for (const step of path) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(step));
      if (entry === undefined) break;
      spot = entry.key;
      node = entry.value;
    } else if (node.kind === 'list' && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      spot = node;
    } else break;
  }
  return spot;
}
