import type { Diagnostic } from './diagnostic.ts';

/** By place, then by rule: the order in which a reader goes through the files. Equal findings at one place are one finding. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort(
    (a, b) =>
      compare(a.place.file, b.place.file) ||
      a.place.line - b.place.line ||
      a.place.column - b.place.column ||
      compare(a.rule, b.rule) ||
      compare(a.message, b.message),
  );
  return sorted.filter((d, i) => i === 0 || !isSame(d, sorted[i - 1]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isSame(a: Diagnostic, b: Diagnostic): boolean {
  return (
    a.rule === b.rule &&
    a.message === b.message &&
    a.place.file === b.place.file &&
    a.place.line === b.place.line &&
    a.place.column === b.place.column
  );
}
