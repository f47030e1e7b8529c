import type { Model, Name, Target } from '../../schema/policy-set.ts';
import type { Named } from '../parse/merge.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Spot, Tree } from '../parse/tree.ts';
import { type Desk, Register } from './desk.ts';
import { encodingOf } from './encoding-of.ts';
import { isLiteral, matches, refuseGlob } from './glob.ts';
import type { Servers } from './resolve-backends.ts';

const MOST_HOPS = 3;
const MOST_FALLBACKS = 3;

export interface Names {
  readonly targets: readonly Target[];
  readonly models: readonly Model[];
  readonly names: readonly Name[];
  /** Every name that a caller may ask for, bound to the row of the model it means. */
  readonly meanings: Register;
  /** Names of real models only: what globs over candidates are matched with. */
  readonly realNames: Register;
}

/** Binds models, virtual models, aliases and fallbacks. */
export function resolveModels(servers: Servers, desk: Desk): Names {
  const realNames = new Register('model');
  const meanings = new Register('model or alias');
  const models: { name: string; virtual: boolean; candidates: readonly number[]; spot: Spot }[] = [];
  for (const target of servers.targets) {
    if (realNames.has(target.name)) continue;
    realNames.add(target.name, models.length);
    meanings.add(target.name, models.length);
    models.push({ name: target.name, virtual: false, candidates: [], spot: { place: target.place, length: target.name.length } });
  }
  for (const name of servers.hiddenModels) {
    realNames.hide(name);
    meanings.hide(name);
  }
  const targets = servers.targets.map(({ name, ...target }): Target => ({ ...target, model: realNames.row(name) as number }));
  for (const [row, target] of targets.entries()) models[target.model].candidates = [...models[target.model].candidates, row];

  for (const named of desk.sections.auto) {
    const taken = models.find((model) => model.name === named.name);
    const globs = named.broken ? null : checkGlobs(named.entry.candidates, named.tree, ['candidates'], realNames, desk);
    if (taken !== undefined) reportTaken(named, 'a virtual model', taken.virtual ? 'a virtual model' : 'a model', taken.spot, desk);
    if (globs === null || taken !== undefined) {
      meanings.hide(named.name);
      continue;
    }
    meanings.add(named.name, models.length);
    models.push({ name: named.name, virtual: true, candidates: targetsOf(globs, targets, models), spot: named.spot });
  }

  const names = models.map((model, row): Name => ({ name: model.name, model: row, hops: [model.name], place: model.spot.place }));
  names.push(...resolveAliases(meanings, models, desk));
  const chains = resolveFallbacks(meanings, desk);
  return {
    targets,
    models: models.map(({ name, virtual, candidates, spot }, row) => ({
      name,
      virtual,
      candidates,
      encoding: encodingOf(name),
      chain: [row, ...(chains.get(row) ?? [])],
      place: spot.place,
    })),
    names,
    meanings,
    realNames,
  };
}

/** Globs over model names as a list, null where one cannot be used. A plain name among them must be a real model's. */
export function checkGlobs(
  written: string | readonly string[],
  tree: Tree,
  path: readonly string[],
  real: Register | null,
  desk: Desk,
): readonly string[] | null {
  const globs = [written].flat() as readonly string[];
  let usable = true;
  for (const [row, glob] of globs.entries()) {
    const spot = spotAt(tree, ...path, row);
    const refusal = refuseGlob(glob);
    if (refusal !== null) {
      desk.report('bad-glob', spot, refusal[0], refusal[1]);
      usable = false;
    } else if (real !== null && isLiteral(glob) && real.find(glob, spot, desk) === null) usable = false;
  }
  return usable ? globs : null;
}

/** Rows of the targets whose model matches one of the globs, ascending. */
export function targetsOf(globs: readonly string[], targets: readonly Target[], models: readonly { readonly name: string }[]): number[] {
  const holds = models.map(({ name }) => globs.some((glob) => matches(glob, name)));
  return targets.flatMap((target, row) => (holds[target.model] ? [row] : []));
}

function resolveAliases(
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

function reportTaken(named: Named<unknown>, what: string, already: string, first: Spot, desk: Desk): void {
  desk.report('duplicate-name', named.spot, `\`${named.name}\` is ${what} here and ${already} there`, 'rename one of the two', [
    { message: `\`${named.name}\` is first defined here`, place: first.place },
  ]);
}

/** By row of the model, the rows of its fallbacks. */
function resolveFallbacks(meanings: Register, desk: Desk): Map<number, number[]> {
  const chains = new Map<number, number[]>();
  const firsts = new Map<number, Named<unknown>>();
  for (const named of desk.sections.fallbacks) {
    if (named.broken) continue;
    const row = meanings.find(named.name, named.spot, desk);
    const chain: number[] = [];
    const excess = named.entry[MOST_FALLBACKS];
    if (excess !== undefined) {
      desk.report(
        'fallback-depth',
        spotAt(named.tree, MOST_FALLBACKS),
        `\`${named.name}\` has ${named.entry.length} fallbacks, at most ${MOST_FALLBACKS} are taken`,
        'keep the best three',
      );
      continue;
    }
    for (const [index, name] of named.entry.entries()) {
      const spot = spotAt(named.tree, index);
      const fallback = meanings.find(name, spot, desk);
      if (fallback === null || row === null) continue;
      if (fallback === row || chain.includes(fallback)) {
        const what = fallback === row ? `\`${name}\` falls back to itself` : `\`${name}\` is a fallback of \`${named.name}\` twice`;
        desk.report('fallback-depth', spot, what, 'remove it: a model is tried once');
      } else chain.push(fallback);
    }
    if (row === null) continue;
    const first = firsts.get(row);
    if (first !== undefined) {
      desk.report(
        'duplicate-name',
        named.spot,
        `\`${named.name}\` and \`${first.name}\` mean the same model, and both have fallbacks`,
        'keep one of the two',
        [{ message: `the fallbacks of \`${first.name}\` are here`, place: first.spot.place }],
      );
      continue;
    }
    firsts.set(row, named);
    chains.set(row, chain);
  }
  return chains;
}
