import type { Manifest } from '../../../../schema/manifest.ts';

/** The name that embeddings are asked for by, or why there is none. */
export type FoundModel = { readonly name: string; readonly problem: null } | { readonly name: null; readonly problem: string };

/**
 * The model that is named; else the first of the policy that makes embeddings, those before others that only backends under the operator's
 * control serve. Virtual models come last: two models behind one name make vectors that cannot be compared.
 */
export function findEmbeddingModel({ names, targets, backends }: Manifest, named: string | null): FoundModel {
  const able = names
    .map(({ name, kind, targets: rows }) => ({
      name,
      kind,
      targets: rows.filter((row) => targets[row].capabilities.includes('embeddings')),
    }))
    .filter((model) => model.targets.length > 0);
  if (named !== null) {
    if (able.some(({ name }) => name === named)) return { name: named, problem: null };
    const problem = names.some(({ name }) => name === named) ? 'makes no embeddings' : 'is not a name of the policy';
    return { name: null, problem: `\`${named}\` of \`--embedding-model\` ${problem}` };
  }
  const isInside = (rows: readonly number[]): boolean => rows.every((row) => backends[targets[row].backend].zone === 'restricted');
  const real = able.filter(({ kind }) => kind === 'model');
  const found = real.find((model) => isInside(model.targets)) ?? real[0] ?? able.find((model) => isInside(model.targets)) ?? able[0];
  return found === undefined ? { name: null, problem: 'no model of the policy makes embeddings' } : { name: found.name, problem: null };
}
