import { maskSecrets } from '../diagnostics/mask-secrets.ts';

/** Stands for a value that must not be shown. */
export const HIDDEN = Symbol('hidden');

const LONGEST = 60;

/** A value as a message names it: its kind where that is the point, its text in backticks where that is. */
export function describeValue(value: unknown): string {
  if (value === HIDDEN) return 'something else (not shown)';
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `\`${shorten(value)}\``;
  return `the ${typeof value === 'number' ? 'number' : 'truth value'} \`${String(value)}\``;
}

function shorten(text: string): string {
  const oneLine = maskSecrets(text).replaceAll(/[\u0000-\u001f\u007f]/g, ' ');
  return oneLine.length > LONGEST ? `${oneLine.slice(0, LONGEST)}…` : oneLine;
}
