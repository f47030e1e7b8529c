import type { PolicySet } from '../../schema/policy-set.ts';
import type { Desk } from './desk.ts';
import { COORDINATION } from './resolve-pools.ts';

/** One warning for every part of the policy that is read but not enforced by this version, so that nothing is silently ignored. */
export function listUnenforced(desk: Desk): PolicySet['unenforced'] {
  const parts = desk.sections.pools
    .filter(({ name }) => name !== COORDINATION)
    .map(({ name, spot }) => ({ section: `pools.${name}`, spot }));
  for (const { section, spot } of parts) {
    desk.report(
      'not-enforced',
      spot,
      `\`${section}\` is read but not enforced by this version`,
      'do not rely on it yet; remove it, or start policyd with `--allow-unenforced`',
    );
  }
  return parts.map(({ section, spot }) => ({ section, place: spot.place }));
}
