import type { Explanation } from '../../schema/decision.ts';
import type { Manifest } from '../../schema/manifest.ts';

/** An explanation as callers read it: targets by name, not by row. */
export function nameExclusions<T extends Pick<Explanation, 'links'>>(explanation: T, { targets, backends }: Manifest) {
  const links = explanation.links.map((link) => ({
    ...link,
    stages: link.stages.map((stage) => ({
      ...stage,
      excluded: stage.excluded.map(({ target, ...exclusion }) => {
        const { backend, model } = targets[target];
        return { target: `${backends[backend].name}/${model}`, ...exclusion };
      }),
    })),
  }));
  return { ...explanation, links };
}
