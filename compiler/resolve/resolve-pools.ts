import type { Pool } from '../../schema/policy-set.ts';
import { TASK_TYPES, type TaskType } from '../../schema/vocabulary.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import type { Desk } from './desk.ts';
import { refuseGlob } from './glob.ts';
import { reportDuration } from './report-duration.ts';
import { readDuration } from './units.ts';

/** The pool that the runtime keeps. */
export const COORDINATION = 'coordination';

/** What holds where a pool says nothing (requirement E1). */
const DEFAULTS = { size: 4, max_size: 16, queue_depth: 100, max_retries: 3, assignment_sla: '500ms' } as const;

export function resolvePools(desk: Desk): readonly Pool[] {
  const pools: Pool[] = [];
  for (const { name, entry, tree, spot, broken } of desk.sections.pools) {
    if (broken) continue;
    const faults = desk.diagnostics.length;
    const sla = entry.assignment_sla ?? DEFAULTS.assignment_sla;
    const assignmentSla = readDuration(sla) ?? reportDuration(spotAt(tree, 'assignment_sla'), sla, desk);
    const maxSize = entry.max_size ?? Math.max(DEFAULTS.max_size, entry.size ?? 0);
    const size = entry.size ?? Math.min(DEFAULTS.size, maxSize);
    if (size > maxSize) {
      desk.report(
        'bad-value',
        spotAt(tree, 'size'),
        `pool \`${name}\` keeps ${size} agents of at most ${maxSize}`,
        'raise `max_size`, or lower `size`',
        [
          { message: '`max_size` is here', place: keyAt(tree, 'max_size').place },
          { message: `pool \`${name}\` is defined here`, place: spot.place },
        ],
      );
    }
    const types: Partial<Record<TaskType, readonly string[]>> = {};
    for (const type of TASK_TYPES) {
      const given = entry.types?.[type];
      if (given === undefined) continue;
      const globs = [given].flat();
      for (const [row, glob] of globs.entries()) {
        const refusal = refuseGlob(glob);
        const place = Array.isArray(given) ? spotAt(tree, 'types', type, row) : spotAt(tree, 'types', type);
        if (refusal !== null) desk.report('bad-glob', place, refusal[0], refusal[1]);
      }
      types[type] = globs;
    }
    if (desk.diagnostics.length > faults) continue;
    pools.push({
      name,
      size,
      maxSize,
      queueDepth: entry.queue_depth ?? DEFAULTS.queue_depth,
      // None and one are the same: without an attempt there is no task.
      maxAttempts: Math.max(1, entry.max_retries ?? DEFAULTS.max_retries),
      assignmentSla: assignmentSla!,
      types,
      place: spot.place,
    });
  }
  return pools;
}
