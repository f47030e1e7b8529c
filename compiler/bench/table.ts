/** One printed table. Cells are text; the first column is left-aligned, the others right-aligned. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How it was measured, and what could not be; one paragraph each. */
  readonly notes: readonly string[];
}

export function formatMarkdown({ title, columns, rows, notes }: Table): string {
  const escapePipes = (cell: string): string => cell.replaceAll('|', '\\|');
  const line = (cells: readonly string[]): string => `| ${cells.map(escapePipes).join(' | ')} |`;
  const rule = `|${columns.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`;
  return [`### ${title}`, '', line(columns), rule, ...rows.map(line), ...notes.flatMap((note) => ['', note]), ''].join('\n');
}

export function formatText({ title, columns, rows, notes }: Table): string {
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [title, `  ${line(columns)}`, ...rows.map((row) => `  ${line(row)}`), ...notes.map((note) => `  ${note}`), ''].join('\n');
}
