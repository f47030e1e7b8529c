import { seededRandom } from '../prove/states.ts';
import { makeScene, raceByHand, raceRoute, type Scene } from './core.ts';
import { loadPolicy } from './load-policy.ts';
import { freshNames, raceMap, raceResolve } from './names.ts';
import { medianOf, race, type Timing } from './race.ts';
import { compareTimings, type Ratio } from './ratio.ts';
import { writeSyntheticPolicy } from './synthetic-policy.ts';

/** Routers of each size; machine code falls a little differently every time it is made, and that is not what is measured. */
const LOADS = 3;
const TARGETS = 32;
const SEEDS = [11, 12, 13];

/** The router's core against its lower bound, ten policies against a thousand, names against a `Map`. */
export async function benchRatios(rounds: number): Promise<Ratio[]> {
  const sizes = { 10: await load(10), 100: await load(100), 1000: await load(1000) };
  const scenes: Record<keyof typeof sizes, Scene[]> = { 10: [], 100: [], 1000: [] };
  for (let n = 0; n < LOADS; n++) for (const size of [10, 1000, 100] as const) scenes[size].push(makeScene(sizes[size].again(), SEEDS[n]!));

  const first = scenes[100][0]!;
  const hits = freshNames(namesOf(first), seededRandom(3), false);
  const misses = freshNames(namesOf(first), seededRandom(4), true);
  const contestants = [
    ...([10, 100, 1000] as const).flatMap((size) => scenes[size].map((scene) => raceRoute(`${size} policies`, scene))),
    ...scenes[100].map((scene) => raceByHand('by hand', scene)),
    raceMap('Map.get', first, hits),
    raceResolve('name and route', first, hits),
    raceMap('Map.get, unknown names', first, misses),
    raceResolve('name and route, unknown names', first, misses),
  ];
  const timings = await race(contestants, { rounds, slice: 8 });
  const named = (name: string): Timing => pool(timings.filter((timing) => timing.name === name));
  return [
    compareTimings('core ÷ the same loads and ANDs by hand', named('100 policies'), named('by hand'), { most: 1.5 }),
    compareTimings('core at 1,000 policies ÷ at 10', named('1000 policies'), named('10 policies'), { least: 0.8, most: 1.2 }),
    compareTimings('name and core ÷ one Map.get', named('name and route'), named('Map.get'), { most: 3 }),
    compareTimings('the same for unknown names', named('name and route, unknown names'), named('Map.get, unknown names'), { most: 3 }),
  ];
}

const load = (policies: number) => loadPolicy(writeSyntheticPolicy({ targets: TARGETS, policies }));
const namesOf = ({ set }: Scene): string[] => set.names.map(({ name }) => name);

/** Several timings of the same thing as one: the median of each round. */
function pool(timings: readonly Timing[]): Timing {
  const rounds = timings[0]!.rounds.map((_, round) => medianOf(timings.map((timing) => timing.rounds[round]!)));
  return { name: timings[0]!.name, nanoseconds: medianOf(rounds), rounds };
}
