const MOST = 3;

/** Names for a message, in backticks: the first few, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST).map((name) => `\`${name}\``);
  if (names.length > MOST) return `${shown.join(', ')} and ${names.length - MOST} more`;
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown[shown.length - 1]}` : shown.join('');
}

/** What is pointed at beside a finding: the first few. */
export function firstFew<T>(items: readonly T[]): readonly T[] {
  return items.slice(0, MOST);
}
