import type { Report } from './report.ts';

/** Workflow commands that GitHub shows beside the lines of a change (docs.github.com, "Workflow commands for GitHub Actions"). */
export function formatGithub({ diagnostics }: Report): string {
  return diagnostics
    .map(({ rule, severity, message, help, place, length }) => {
      const properties = {
        file: place.file,
        line: String(place.line),
        endLine: String(place.line),
        col: String(place.column),
        endColumn: String(place.column + length),
        title: rule,
      };
      const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
      return `::${severity} ${written.join(',')}::${escapeData(`${message} [${rule}]\nhelp: ${help}`)}\n`;
    })
    .join('');
}

export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
