import type { PolicySet } from '../../schema/policy-set.ts';
import type { SectionName } from '../parse/merge.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import type { Spot } from '../parse/tree.ts';
import type { Desk, Register } from './desk.ts';
import { refuseGlob } from './glob.ts';
import { readBound, readDuration, readMemory } from './units.ts';

/** Sections whose meaning this version does not enforce. */
const LATER: readonly SectionName[] = ['budgets', 'invariants', 'pools', 'workloads'];

/** One warning for every part of the policy that is read but not enforced, so that nothing is silently ignored. */
export function listUnenforced(desk: Desk): PolicySet['unenforced'] {
  const parts: { section: string; spot: Spot }[] = [];
  for (const section of LATER) {
    const spot = desk.policy.opened.get(section);
    if (spot !== undefined) parts.push({ section, spot });
  }
  const shadow = desk.sections.enforcement.find(({ name, entry, broken }) => name === 'constraints' && !broken && entry === 'shadow');
  if (shadow !== undefined) parts.push({ section: 'enforcement', spot: shadow.spot });
  const limited = desk.sections.keys.find(({ entry, broken }) => !broken && entry.rate !== undefined);
  if (limited !== undefined) parts.push({ section: 'keys.rate', spot: keyAt(limited.tree, 'rate') });
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

/** Their names and units are checked all the same. */
export function checkLaterSections(references: Readonly<Record<'policy' | 'category' | 'backend' | 'model', Register>>, desk: Desk): void {
  for (const { entry, tree, broken } of desk.sections.invariants) {
    if (broken) continue;
    for (const kind of ['policy', 'category', 'backend', 'model'] as const) {
      const name = entry.never?.[kind];
      if (name !== undefined) references[kind].find(name, spotAt(tree, 'never', kind), desk);
    }
    const cost = entry.always?.cost_usd;
    if (cost !== undefined && readBound(cost, 1e9) === null) {
      desk.report(
        'bad-unit',
        spotAt(tree, 'always', 'cost_usd'),
        `\`${cost}\` is not a comparison with an amount of USD`,
        'write it like this: `"<=1"`',
      );
    }
  }
  for (const { name, entry, tree, spot, broken } of desk.sections.pools) {
    if (broken) continue;
    if (entry.assignment_sla !== undefined && readDuration(entry.assignment_sla) === null) {
      desk.report(
        'bad-unit',
        spotAt(tree, 'assignment_sla'),
        `\`${entry.assignment_sla}\` is not a duration from 1ms to 24h`,
        'write it like this: `500ms`',
      );
    }
    if (entry.size !== undefined && entry.max_size !== undefined && entry.size > entry.max_size) {
      desk.report(
        'bad-value',
        spotAt(tree, 'size'),
        `pool \`${name}\` keeps ${entry.size} agents of at most ${entry.max_size}`,
        'raise `max_size`, or lower `size`',
        [
          { message: '`max_size` is here', place: keyAt(tree, 'max_size').place },
          { message: `pool \`${name}\` is defined here`, place: spot.place },
        ],
      );
    }
  }
  for (const { name, entry, tree, broken } of desk.sections.workloads) {
    if (broken) continue;
    if (name === 'protected') {
      for (const [row, glob] of ([entry].flat() as string[]).entries()) {
        const refusal = refuseGlob(glob);
        if (refusal !== null) desk.report('bad-glob', spotAt(tree, row), refusal[0], refusal[1]);
      }
    } else if (name === 'quotas') {
      const { memory } = entry as { memory?: string };
      if (memory !== undefined && readMemory(memory) === null) {
        desk.report('bad-unit', spotAt(tree, 'memory'), `\`${memory}\` is no amount of memory`, 'write it like this: `16GiB`');
      }
    }
  }
}
