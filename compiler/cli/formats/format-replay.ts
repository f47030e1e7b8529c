import { DIRECTIONS } from '../../diff/effects.ts';
import type { Side } from '../../diff/side.ts';
import type { ReplayReport } from '../../replay/replay.ts';
import { count, headlineOf, listShortly } from './diff-words.ts';
import { DIRECTION_WORDS } from './format-diff.ts';
import type { Paint } from './paint.ts';

/** What a replay came to, for people. */
export function formatReplay({ exact, other, skipped, truncated }: ReplayReport, { label, hash }: Side, paint: Paint): string {
  const lines: string[] = [];
  if (exact.decisions > 0) {
    const same = exact.decisions - exact.different;
    lines.push(`reproduced: ${same.toLocaleString('en-US')} of ${count(exact.decisions, 'decision')} exactly`);
    for (const { request_id, recorded, got } of exact.differences)
      lines.push(paint.red(`  − ${request_id}: recorded ${recorded}; now ${got}`));
    if (exact.different > exact.differences.length) lines.push(paint.red(`  and ${exact.different - exact.differences.length} more`));
  }
  if (other.decisions > 0) {
    const routers = listShortly(
      Object.keys(other.routers).map((router) => router.slice(0, 12)),
      4,
    );
    lines.push(
      `of ${routers}, put to ${label}${hash === null ? '' : ` (${hash.slice(0, 12)})`}: ${other.same.toLocaleString('en-US')} of ${count(other.decisions, 'decision')} the same`,
    );
  }
  for (const direction of DIRECTIONS) {
    const own = other.classes.filter((found) => found.direction === direction);
    if (own.length === 0) continue;
    const { sign, title } = DIRECTION_WORDS[direction];
    lines.push('', paint.bold(`${title}: ${count(own.length, 'class', 'classes')}`));
    for (const found of own) {
      const { old, now } = found.policies;
      const weight = found.weight === found.decisions ? '' : `, for ${count(found.weight, 'request')}`;
      lines.push(
        `  ${sign} ${old === now || now === null ? old : `${old} → ${now}`}: ${headlineOf(found)} (${count(found.decisions, 'decision')}${weight})`,
      );
      lines.push(
        `      ${listShortly(
          found.moves.map((move) => `${move.old ?? 'rejected'} → ${move.now ?? 'rejected'} ${move.decisions}×`),
          3,
        )}`,
      );
      lines.push(paint.dim(`      for example ${found.examples.join(', ')}`));
    }
  }
  const left = Object.entries(skipped).flatMap(([reason, lost]) => (lost > 0 ? [`${count(lost, 'line')}: ${reason}`] : []));
  if (left.length > 0) lines.push('', ...left.map((line) => paint.yellow(`not replayed: ${line}`)));
  if (truncated) lines.push(paint.yellow('the last line is cut short, and left out'));
  if (other.classes.length > 0) lines.push('', 'texts are not recorded: category and class are taken from the record');
  return `${lines.join('\n')}\n`;
}
