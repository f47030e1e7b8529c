import type { DecisionFilter } from '../decisions/decision-ring.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

const FIELDS = ['backend', 'policy', 'category', 'decision', 'model', 'caller', 'router', 'request_id'] as const;
const DECISIONS = ['route', 'queue', 'reject'];
const USUAL = 100;
const MOST = 100_000;

/** What `GET /v1/decisions` is asked for: equal names, `since` (ISO 8601), at most `limit`. @throws GatewayError 400 with every mistake. */
export function readDecisionQuery(query: Readonly<Record<string, unknown>>): { readonly filter: DecisionFilter; readonly limit: number } {
  const problems: string[] = [];
  const filter: Record<string, string | number> = {};
  let limit = USUAL;
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') problems.push(`\`${name.slice(0, 64)}\` is given twice`);
    else if (name === 'limit') {
      limit = /^\d{1,6}$/.test(value) ? Number(value) : 0;
      if (limit < 1 || limit > MOST) problems.push(`\`limit\` is no whole number from 1 to ${MOST}`);
    } else if (name === 'since') {
      filter.since = Date.parse(value);
      if (Number.isNaN(filter.since)) problems.push('`since` is no time in ISO 8601');
    } else if ((FIELDS as readonly string[]).includes(name)) filter[name] = value;
    else problems.push(`unknown parameter \`${name.slice(0, 64)}\``);
  }
  if (typeof filter.decision === 'string' && !DECISIONS.includes(filter.decision)) {
    problems.push(`\`decision\` is none of ${DECISIONS.join(', ')}`);
  }
  if (problems.length === 0) return { filter, limit };
  const help = `ask for ${FIELDS.map((name) => `\`${name}\``).join(', ')}, \`since\` or \`limit\``;
  throw new GatewayError(400, 'invalid_request_error', 'invalid_query', `${problems.join('; ')} [query] help: ${help}`, {
    headers: { 'x-should-retry': 'false' },
  });
}
