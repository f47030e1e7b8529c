import type { Place } from '../../schema/policy-set.ts';

/** Where a piece of text stands, and how many columns of its first line it takes. */
export interface Spot {
  readonly place: Place;
  /** ≥ 1. */
  readonly length: number;
}

/** A YAML value with the position of every key and leaf. */
export type Tree = MapTree | ListTree | LeafTree;

export interface MapTree extends Spot {
  readonly kind: 'map';
  /** In the order of the text; keys are their source text (`1` is `"1"`). */
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly name: string;
  readonly key: Spot;
  readonly value: Tree;
}

export interface ListTree extends Spot {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}

export interface LeafTree extends Spot {
  readonly kind: 'leaf';
  readonly value: string | number | boolean | null;
  /** The comment behind it on its line, if any. */
  readonly beside: string | null;
}

/** The plain value of a tree. Maps have no prototype, so that a key named `__proto__` is a key. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'leaf') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  const plain: Record<string, unknown> = Object.create(null);
  for (const [name, entry] of tree.entries) plain[name] = toPlain(entry.value);
  return plain;
}
