/** A value as TypeScript source on one line: keys unquoted where they may be, strings in single quotes, `Infinity` by name. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(
      ([key, member]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)}: ${literal(member)}`,
    );
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  return String(value);
}

const quote = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;

/** Text that can stand in a comment of either kind: one line, nothing that ends it. */
export const comment = (text: string): string =>
  text
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
    .replaceAll('*/', '* /')
    .trim();

/** Masks as rows of bits under a ruler of the targets' letters, with the label of each row beside it. */
export function writeRows(
  masks: readonly number[],
  words: number,
  targets: number,
  labels: readonly string[],
  letter: (target: number) => string,
): string {
  const lines: string[] = [];
  if (targets <= 26) lines.push(`  //${Array.from({ length: targets }, (_, target) => letter(target)).join('')}`);
  labels.forEach((label, row) => {
    const bits = masks.slice(row * words, (row + 1) * words).map((mask, word) => {
      const width = Math.min(32, targets - word * 32);
      return `0b${mask.toString(2).padStart(32, '0').slice(0, Math.max(1, width))}`;
    });
    lines.push(`  ${words === 1 ? bits[0] : `[${bits.join(', ')}]`}, // ${comment(label)}`);
  });
  return `[\n${lines.join('\n')}\n] as const`;
}
