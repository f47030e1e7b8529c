import type { Coordinates } from './coordinates.ts';

export interface Space {
  readonly name: string;
  readonly at: Coordinates;
  /** Work that may be done in it before it is sampled: verdicts asked of the interpreter, cells × targets. Bounds the time, not the truth. */
  readonly share: number;
  /** All coordinates at once. */
  readonly isProduct: boolean;
}

const PART = 50_000;
const PRODUCT = 300_000;
/** A policy of few targets is taken whole, where that takes about a second. */
const SMALL = { targets: 12, product: 1_000_000 };

/**
 * Every stage reads a few coordinates only; those of each stage are taken whole first, the others at their first value. So each row of
 * each table is compared on its own, however large the product of all coordinates is. Then the product: category and class by the
 * caller's word there, since how a text comes to them is a space of its own.
 */
export function spacesOf(at: Coordinates, targets: number): Space[] {
  const least: Coordinates = {
    names: at.names.slice(-1),
    callers: at.callers.slice(0, 1),
    endpoints: ['chat'],
    categories: [null],
    classes: [null],
    required: [0],
    flexible: [false],
    texts: [''],
    tools: [0],
  };
  const { names, endpoints, required, classes, categories, flexible, texts, tools } = at;
  const part = (name: string, coordinates: Partial<Coordinates>): Space => ({
    name,
    at: { ...least, ...coordinates },
    share: PART,
    isProduct: false,
  });
  return [
    part('model × endpoint × capability × tokens', { names, endpoints, required }),
    part('model × class × tokens', { names, classes }),
    part('model × category × tier enforcement × tokens', { names, categories, flexible }),
    part('text × tools × tokens', { texts, tools }),
    {
      name: 'all coordinates',
      at: { ...at, texts: [''], tools: [0] },
      share: targets <= SMALL.targets ? SMALL.product : PRODUCT,
      isProduct: true,
    },
  ];
}
