import type { Report } from './report.ts';

/** `{"findings":[{rule,severity,message,help,file,line,column}]}`; lines and columns start at 1. */
export function formatJson({ diagnostics }: Report): string {
  const findings = diagnostics.map(({ rule, severity, message, help, place }) => ({
    rule,
    severity,
    message,
    help,
    file: place.file,
    line: place.line,
    column: place.column,
  }));
  return `${JSON.stringify({ findings }, null, 2)}\n`;
}
