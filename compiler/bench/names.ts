import { zipf } from './zipf.ts';
import type { Scene } from './core.ts';
import { disturb } from './core.ts';
import { loop } from './loop.ts';
import type { Contestant } from './race.ts';

const OPERATIONS = 4096;

/** Names that requests bring: fresh from bytes each time, so that no hash of them is known. Refilled before every run. */
export interface FreshNames {
  readonly names: string[];
  refill(): void;
}

/** Names of the policy, earlier ones more often; or, for misses, names of the same make that nobody defined. */
export function freshNames(known: readonly string[], random: () => number, miss: boolean): FreshNames {
  const defined = new Set(known);
  const names = new Array<string>(OPERATIONS).fill('');
  const refill = (): void => {
    for (let i = 0; i < OPERATIONS; i++) {
      const bytes = Buffer.from(known[zipf(random, known.length)]!);
      if (miss) bytes[Math.floor(random() * bytes.length)]! = 97 + Math.floor(random() * 26);
      const name = bytes.toString('latin1');
      names[i] = miss && defined.has(bytes.toString('latin1')) ? `${name}-` : name;
    }
  };
  return { names, refill };
}

/** From a name to a target: `resolve`, then `route` on an intent of that name; a miss ends with `resolve`. */
export function raceResolve(name: string, scene: Scene, fresh: FreshNames): Contestant {
  const { set, router, live, intents } = scene;
  const byName = set.names.map((_, row) => intents.find((intent) => intent.name === row) ?? intents[row % intents.length]!);
  const run = loop('(row = resolve(names[i])) < 0 ? row : route(intents[row], live, none)', {
    row: 0,
    resolve: router.resolve,
    route: router.route,
    names: fresh.names,
    intents: byName,
    live,
    none: router.none,
  });
  let turn = 0;
  const prepare = (): void => {
    disturb(scene, turn++);
    fresh.refill();
  };
  return { name, operations: OPERATIONS, prepare, run: () => run(OPERATIONS) };
}

/** One look-up in a `Map` from name to row. */
export function raceMap(name: string, scene: Scene, fresh: FreshNames): Contestant {
  const rows = new Map(scene.set.names.map(({ name }, row) => [name, row]));
  const run = loop('(row = rows.get(names[i])) === undefined ? -1 : row', { row: 0, rows, names: fresh.names });
  return { name, operations: OPERATIONS, prepare: fresh.refill, run: () => run(OPERATIONS) };
}
