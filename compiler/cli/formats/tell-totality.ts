import type { SingleFailure } from '../../prove/single-failures.ts';

const MOST_NAMES = 6;

/** For people: one line for what has no target when a backend is down. */
export function tellTotality(failures: readonly SingleFailure[]): string {
  if (failures.length === 0) return 'no single backend takes all targets of a request with it\n';
  return failures
    .map(({ backend, policy, endpoint, names, categories }) => {
      const shown = names.slice(0, MOST_NAMES).map((name) => `\`${name}\``);
      const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
      const where = categories === null ? '' : ` in ${categories.join(', ')}`;
      return `if \`${backend}\` is down, no target is left for ${shown.join(', ')}${more}${where} (${endpoint}, policy \`${policy}\`)\n`;
    })
    .join('');
}
