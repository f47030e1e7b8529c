import type { Report } from './report.ts';

/** `{"findings":[{rule,severity,message,help,file,line,column}]}`, with `witness` where there is one, and `totality` where it was asked for; lines and columns start at 1. */
export function formatJson({ diagnostics, totality }: Report): string {
  const findings = diagnostics.map(({ rule, severity, message, help, place, witness }) => ({
    rule,
    severity,
    message,
    help,
    file: place.file,
    line: place.line,
    column: place.column,
    ...(witness === undefined ? {} : { witness }),
  }));
  return `${JSON.stringify({ findings, ...(totality ? { totality } : {}) }, null, 2)}\n`;
}
