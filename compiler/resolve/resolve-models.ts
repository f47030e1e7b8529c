import type { Model, Name, Target } from '../../schema/policy-set.ts';
import type { Spot } from '../parse/tree.ts';
import { checkGlobs, targetsOf } from './candidates.ts';
import { type Desk, Register } from './desk.ts';
import { encodingOf } from './encoding-of.ts';
import { reportTaken } from './report-taken.ts';
import { resolveAliases } from './resolve-aliases.ts';
import type { Servers } from './resolve-backends.ts';
import { resolveFallbacks } from './resolve-fallbacks.ts';

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
