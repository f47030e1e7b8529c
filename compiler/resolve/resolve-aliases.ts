import type { Name } from '../../schema/policy-set.ts';
import type { Named } from '../parse/merge.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Spot } from '../parse/tree.ts';
import { type Desk, Register } from './desk.ts';
import { reportTaken } from './report-taken.ts';

const MOST_HOPS = 3;

/** Aliases as names; each is added to `meanings`, those with a finding as hidden. */
export function resolveAliases(
  meanings: Register,
  models: readonly { readonly name: string; readonly virtual: boolean; readonly spot: Spot }[],
  desk: Desk,
): Name[] {
  const written = new Map<string, Named<string>>();
  for (const named of desk.sections.aliases) {
    const taken = models.find((model) => model.name === named.name);
    if (taken !== undefined) reportTaken(named, 'an alias', taken.virtual ? 'a virtual model' : 'a model', taken.spot, desk);
    else written.set(named.name, named);
  }
  const known = new Register('model or alias');
  for (const name of [...meanings.names(), ...written.keys()]) known.hide(name);
  const inCycles = new Set<string>();
  const names: Name[] = [];
  for (const named of written.values()) {
    const hops = followAlias(named, written);
    const last = hops[hops.length - 1];
    const cycleFrom = hops.indexOf(last);
    if (cycleFrom < hops.length - 1) {
      if (cycleFrom === 0 && !inCycles.has(named.name)) reportCycle(hops, written, inCycles, desk);
    } else if (hops.length - 1 === MOST_HOPS + 1) {
      desk.report(
        'alias-depth',
        named.spot,
        `alias \`${named.name}\` takes ${hops.length - 1} hops, at most ${MOST_HOPS} are taken: ${hops.map((hop) => `\`${hop}\``).join(' → ')}`,
        `point \`${named.name}\` nearer to \`${last}\``,
      );
    } else if (hops.length === 2 && !named.broken && !known.has(last)) known.find(last, spotAt(named.tree), desk);
    const model = meanings.row(last);
    if (model === undefined || hops.length - 1 > MOST_HOPS) continue;
    names.push({ name: named.name, model, hops, place: named.spot.place });
  }
  const bound = new Set(names.map(({ name }) => name));
  for (const { name, model } of names) meanings.add(name, model);
  for (const name of written.keys()) if (!bound.has(name)) meanings.hide(name);
  return names;
}

/** The names from an alias on: to a name that is no alias, to the first one met twice, or to one hop beyond the bound. */
function followAlias(named: Named<string>, written: ReadonlyMap<string, Named<string>>): string[] {
  const hops = [named.name];
  for (let next: Named<string> | undefined = named; next !== undefined && !next.broken; next = written.get(next.entry)) {
    const isMet = hops.includes(next.entry);
    hops.push(next.entry);
    if (isMet) break;
  }
  return hops;
}

function reportCycle(hops: readonly string[], written: ReadonlyMap<string, Named<string>>, inCycles: Set<string>, desk: Desk): void {
  for (const hop of hops) inCycles.add(hop);
  const [first, ...others] = hops.slice(0, -1).map((hop) => written.get(hop) as Named<string>);
  desk.report(
    'alias-cycle',
    first.spot,
    `alias \`${first.name}\` leads back to itself: ${hops.map((hop) => `\`${hop}\``).join(' → ')}`,
    'let one of them name a model',
    others.map(({ name, spot }) => ({ message: `\`${name}\` is on the cycle`, place: spot.place })),
  );
}
