import type { PolicyDiff } from '../../diff/diff.ts';
import { DIRECTIONS } from '../../diff/effects.ts';
import { count, detailsOf, headlineOf, policiesOf, requestsOf, testOf } from './diff-words.ts';
import { DIRECTION_WORDS, summarize, tellSetting } from './format-diff.ts';

/** Classes in a comment; a comment of GitHub holds 65,536 characters. */
const MOST_TOLD = 30;

/** The comparison as the comment of a pull request: what loosens stands open, the witnesses fold. */
export function formatDiffMarkdown(diff: PolicyDiff): string {
  const { classes, settings, renames } = diff;
  const [headline, ...sampled] = summarize(diff);
  const lines = [`### Policy: ${headline}`, '', `\`${diff.old.label}\` → \`${diff.now.label}\``];
  for (const direction of DIRECTIONS) {
    const own = classes.filter((found) => found.direction === direction);
    if (own.length === 0) continue;
    lines.push('', `#### ${capitalize(DIRECTION_WORDS[direction].title)}: ${count(own.length, 'class', 'classes')} of requests`, '');
    for (const found of own.slice(0, MOST_TOLD)) {
      const by = found.policies.length > 0 ? `**${policiesOf(found)}** ` : '';
      const recorded = found.recorded === null ? '' : `; ${count(found.recorded, 'recorded request')}`;
      lines.push(`- ${by}${headlineOf(found)}${found.plain ? '' : ', only in some states'}: ${requestsOf(found)}${recorded}`);
      lines.push(...detailsOf(found).map((line) => `  - ${line}`));
      lines.push('  <details><summary>a request that shows it</summary>', '', '  ```yaml');
      lines.push(...testOf(found).map((line) => `  ${line}`), '  ```', '', '  </details>');
    }
    if (own.length > MOST_TOLD) lines.push(`- and ${count(own.length - MOST_TOLD, 'more class', 'more classes')}`);
  }
  const renamed = [...renames.backends, ...renames.targets, ...renames.policies];
  if (renamed.length > 0) lines.push('', '#### Renamed', '', ...renamed.map(([from, to]) => `- \`${from}\` → \`${to}\``));
  if (settings.length > 0) lines.push('', '#### Settings', '', ...settings.map((change) => `- ${tellSetting(change)}`));
  if (sampled.length > 0) lines.push('', ...sampled.map((line) => `*${line}*`));
  return `${lines.join('\n')}\n`;
}

const capitalize = (text: string): string => text[0].toUpperCase() + text.slice(1);
