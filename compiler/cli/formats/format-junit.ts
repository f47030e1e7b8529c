import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Report } from './report.ts';

/**
 * JUnit XML, one case a file. What makes the command fail (errors, and warnings where `failOn` says so) is a failure of its case; other
 * warnings are its output: a report is red exactly when the exit code is.
 */
export function formatJunit({ diagnostics, sources }: Report, failOn: Diagnostic['severity'] = 'error'): string {
  const files = [...new Set([...sources.map((source) => source.file), ...diagnostics.map(({ place }) => place.file)])].sort();
  let failed = 0;
  const cases = files.map((file) => {
    const here = diagnostics.filter(({ place }) => place.file === file);
    if (here.length === 0) return `    <testcase name="${escapeXml(file)}" classname="policyc.check"/>\n`;
    // One `failure` a case is what readers agree on: the first names it, its text holds them all.
    const worst = here.find(({ severity }) => severity === 'error') ?? here[0];
    const text = here.map((d) => `${file}:${d.place.line}:${d.place.column} ${d.severity}: ${d.message} [${d.rule}]\n  help: ${d.help}`);
    if (worst.severity !== 'error' && failOn !== 'warning') {
      return `    <testcase name="${escapeXml(file)}" classname="policyc.check">\n      <system-out>${escapeXml(text.join('\n'))}</system-out>\n    </testcase>\n`;
    }
    failed++;
    return (
      `    <testcase name="${escapeXml(file)}" classname="policyc.check">\n` +
      `      <failure type="${worst.severity}" message="${escapeXml(`${worst.message} [${worst.rule}]`)}">${escapeXml(text.join('\n'))}</failure>\n` +
      '    </testcase>\n'
    );
  });
  const counts = `tests="${files.length}" failures="${failed}" errors="0" skipped="0"`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<testsuites name="policyc" ${counts}>\n  <testsuite name="policyc check" ${counts}>\n${cases.join('')}  </testsuite>\n</testsuites>\n`
  );
}

export function escapeXml(text: string): string {
  return (
    text
      // XML 1.0 has no way to write these.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll('\n', '&#10;')
  );
}
