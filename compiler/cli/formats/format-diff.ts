import type { PolicyDiff } from '../../diff/diff.ts';
import { DIRECTIONS, type Direction } from '../../diff/effects.ts';
import type { SettingChange } from '../../diff/settings.ts';
import type { DiffClass } from '../../diff/sorter.ts';
import { count, detailsOf, headlineOf, policiesOf, requestsOf, testOf } from './diff-words.ts';
import type { Paint } from './paint.ts';

/** Classes of one direction that are told in full. */
const MOST_TOLD = 20;

export const DIRECTION_WORDS: Record<Direction, { readonly sign: string; readonly title: string }> = {
  loosens: { sign: '+', title: 'loosened' },
  tightens: { sign: '−', title: 'tightened' },
  moves: { sign: '~', title: 'moved' },
};

/** A comparison for people, as a plan is shown before it is carried out. */
export function formatDiff(diff: PolicyDiff, paint: Paint): string {
  const { classes, settings, renames } = diff;
  const colors: Record<Direction, (text: string) => string> = { loosens: paint.red, tightens: paint.green, moves: paint.yellow };
  const lines = [`${diff.old.label} → ${diff.now.label}`];
  for (const direction of DIRECTIONS) {
    const own = classes.filter((found) => found.direction === direction);
    if (own.length === 0) continue;
    lines.push(
      '',
      colors[direction](paint.bold(`${DIRECTION_WORDS[direction].title}: ${count(own.length, 'class', 'classes')} of requests`)),
    );
    for (const found of own.slice(0, MOST_TOLD)) lines.push(...describe(found, colors[direction], paint));
    if (own.length > MOST_TOLD) lines.push(`  and ${count(own.length - MOST_TOLD, 'more class', 'more classes')}: see --format json`);
  }
  const renamed = [...renames.backends, ...renames.targets, ...renames.policies];
  if (renamed.length > 0)
    lines.push('', paint.bold('renamed, and nothing else about it'), ...renamed.map(([from, to]) => `  ${from} → ${to}`));
  if (settings.length > 0)
    lines.push('', paint.bold('settings'), ...settings.map((change) => `  ${colors[change.direction](tellSetting(change))}`));
  return `${[...lines, '', ...summarize(diff)].join('\n')}\n`;
}

function describe(found: DiffClass, color: (text: string) => string, paint: Paint): string[] {
  const { sign } = DIRECTION_WORDS[found.direction];
  const by = found.policies.length > 0 ? `${policiesOf(found)}: ` : '';
  const recorded = found.recorded === null ? '' : paint.bold(` ${count(found.recorded, 'recorded request')}`);
  return [
    '',
    `  ${color(sign)} ${by}${color(headlineOf(found))}${found.plain ? '' : ', only in some states'}${recorded}`,
    `      ${requestsOf(found)}`,
    ...detailsOf(found).map((line) => `      ${line}`),
    ...testOf(found).map((line) => paint.dim(`      ${line}`)),
  ];
}

export function tellSetting({ what, from, to }: SettingChange): string {
  if (from === null) return `${what} is new: ${to}`;
  return to === null ? `${what} is gone: ${from}` : `${what}: ${from} → ${to}`;
}

/** What changed and what did not, in numbers; and what was not looked at. */
export function summarize({ classes, settings, renames, kinds, sampled }: PolicyDiff): string[] {
  const parts = DIRECTIONS.flatMap((direction) => {
    const own = classes.filter((found) => found.direction === direction).length;
    return own === 0 ? [] : [`${count(own, 'class', 'classes')} ${DIRECTION_WORDS[direction].title}`];
  });
  if (settings.length > 0) parts.push(count(settings.length, 'setting'));
  const renamed = renames.backends.size + renames.targets.size + renames.policies.size;
  if (renamed > 0) parts.push(`${count(renamed, 'name')} renamed`);
  const same = kinds.compared - kinds.changed;
  const unchanged = `${same.toLocaleString('en-US')} of ${count(kinds.compared, 'kind')} of requests unchanged`;
  return [`${parts.length === 0 ? 'no differences' : parts.join(', ')}; ${unchanged}`, ...sampled.map((line) => `sampled: ${line}`)];
}
