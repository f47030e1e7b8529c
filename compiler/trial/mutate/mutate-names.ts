import { changeAt, type Mutate, type Mutant, swapAt, without } from './mutant.ts';

/** Aliases removed; fallbacks removed and exchanged; candidates of virtual models removed. */
export const mutateNames: Mutate = (set, locate) => {
  const mutants: Mutant[] = [];
  set.names.forEach(({ name, hops }, row) => {
    if (hops.length < 2) return;
    mutants.push({ what: `alias \`${name}\` removed`, place: locate('aliases', name), set: { ...set, names: without(set.names, row) } });
  });
  set.models.forEach(({ name, chain, virtual, candidates }, row) => {
    const withChain = (links: readonly number[]) => ({ ...set, models: changeAt(set.models, row, { chain: links }) });
    for (let link = 1; link < chain.length; link++) {
      const place = locate('fallbacks', name, link - 1);
      const fallback = set.models[chain[link]].name;
      mutants.push({ what: `fallback of \`${name}\` to \`${fallback}\` removed`, place, set: withChain(without(chain, link)) });
      if (link + 1 < chain.length) {
        const next = set.models[chain[link + 1]].name;
        mutants.push({ what: `fallback of \`${name}\` to \`${fallback}\` behind \`${next}\``, place, set: withChain(swapAt(chain, link)) });
      }
    }
    if (!virtual) return;
    for (const model of new Set(candidates.map((target) => set.targets[target].model))) {
      const left = candidates.filter((target) => set.targets[target].model !== model);
      mutants.push({
        what: `candidates of \`${name}\` without \`${set.models[model].name}\``,
        place: locate('auto', name, 'candidates'),
        set: { ...set, models: changeAt(set.models, row, { candidates: left }) },
      });
    }
  });
  return mutants;
};
