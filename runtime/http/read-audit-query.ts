import { GatewayError } from '../gateway/gateway-error.ts';
import type { AuditFilter } from '../orchestrator/audit.ts';

const FIELDS = ['caller', 'action', 'subject', 'outcome', 'code', 'request', 'trace', 'before'] as const;
const OUTCOMES = ['done', 'refused', 'failed'];
const USUAL = 100;
const MOST = 1_000;

/** What `GET /v1/audit` is asked for. @throws GatewayError 400 with every mistake. */
export function readAuditQuery(query: Readonly<Record<string, unknown>>): { readonly filter: AuditFilter; readonly limit: number } {
  const problems: string[] = [];
  const filter: Record<string, string | number> = {};
  let limit = USUAL;
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') problems.push(`\`${name.slice(0, 64)}\` is given twice`);
    else if (name === 'limit') {
      limit = /^\d{1,4}$/.test(value) ? Number(value) : 0;
      if (limit < 1 || limit > MOST) problems.push(`\`limit\` is no whole number from 1 to ${MOST}`);
    } else if (name === 'status') {
      filter.status = /^\d{3}$/.test(value) ? Number(value) : Number.NaN;
      if (Number.isNaN(filter.status)) problems.push('`status` is no status of http');
    } else if (name === 'since' || name === 'until') {
      filter[name] = Date.parse(value);
      if (Number.isNaN(filter[name])) problems.push(`\`${name}\` is no time in ISO 8601`);
    } else if (value.includes('\0')) problems.push(`\`${name.slice(0, 64)}\` holds a character that no entry has`);
    else if ((FIELDS as readonly string[]).includes(name)) filter[name] = value;
    else problems.push(`unknown parameter \`${name.slice(0, 64)}\``);
  }
  if (typeof filter.outcome === 'string' && !OUTCOMES.includes(filter.outcome))
    problems.push(`\`outcome\` is none of ${OUTCOMES.join(', ')}`);
  if (problems.length === 0) return { filter, limit };
  const help = `ask for ${FIELDS.map((name) => `\`${name}\``).join(', ')}, \`status\`, \`since\`, \`until\` or \`limit\``;
  throw new GatewayError(400, 'invalid_request_error', 'invalid_query', `${problems.join('; ')} [query] help: ${help}`, {
    headers: { 'x-should-retry': 'false' },
  });
}
