import { RULES, type Rule } from '../../diagnostics/catalogue.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { VERSION } from '../../version.ts';
import type { Report } from './report.ts';

/** SARIF 2.1.0 (OASIS): one run, the rules of the catalogue, one result a finding. Columns are UTF-16 code units, as ours are. */
export function formatSarif({ diagnostics }: Report): string {
  const slugs = Object.keys(RULES) as Rule[];
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'policyc',
            semanticVersion: VERSION,
            rules: slugs.map((slug) => ({
              id: slug,
              shortDescription: { text: RULES[slug].title },
              fullDescription: { text: RULES[slug].why },
              helpUri: `docs/rules/${slug}.md`,
              defaultConfiguration: { level: RULES[slug].severity },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((diagnostic) => ({
          ruleId: diagnostic.rule,
          ruleIndex: slugs.indexOf(diagnostic.rule),
          level: diagnostic.severity,
          message: { text: `${diagnostic.message}\nhelp: ${diagnostic.help}` },
          locations: [{ physicalLocation: locationOf(diagnostic.place, diagnostic.length) }],
          ...(diagnostic.related.length === 0
            ? {}
            : {
                relatedLocations: diagnostic.related.map(({ message, place }, id) => ({
                  id,
                  message: { text: message },
                  physicalLocation: locationOf(place, 1),
                })),
              }),
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function locationOf({ file, line, column }: Diagnostic['place'], length: number): object {
  return {
    artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
    region: { startLine: line, startColumn: column, endLine: line, endColumn: column + length },
  };
}
