import { GatewayError } from '../gateway/gateway-error.ts';

/** What a list can be asked for. */
export interface QueryForm {
  /** Equal to what is given. */
  readonly fields: readonly string[];
  /** Those of the fields that have few values. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** A status of HTTP. */
  readonly statuses?: readonly string[];
  /** ISO 8601; read as ms since 1970. */
  readonly times: readonly string[];
  /** Entries, where nobody asks and at most. */
  readonly usual: number;
  readonly most: number;
}

/** @throws GatewayError 400 with every mistake. */
export function readQuery(
  { fields, choices, statuses = [], times, usual, most }: QueryForm,
  query: Readonly<Record<string, unknown>>,
): { readonly filter: Readonly<Record<string, string | number>>; readonly limit: number } {
  const problems: string[] = [];
  const filter: Record<string, string | number> = {};
  let limit = usual;
  for (const [name, value] of Object.entries(query)) {
    const called = `\`${name.slice(0, 64)}\``;
    if (typeof value !== 'string') problems.push(`${called} is given twice`);
    else if (name === 'limit') {
      limit = /^\d{1,9}$/.test(value) ? Number(value) : 0;
      if (limit < 1 || limit > most) problems.push(`\`limit\` is no whole number from 1 to ${most}`);
    } else if (statuses.includes(name)) {
      if (/^\d{3}$/.test(value)) filter[name] = Number(value);
      else problems.push(`${called} is no status of http`);
    } else if (times.includes(name)) {
      filter[name] = Date.parse(value);
      if (Number.isNaN(filter[name])) problems.push(`${called} is no time in ISO 8601`);
    } else if (!fields.includes(name)) problems.push(`unknown parameter ${called}`);
    else if (value.includes('\0')) problems.push(`${called} holds a character that no entry has`);
    else if (choices[name]?.includes(value) === false) problems.push(`${called} is none of ${choices[name].join(', ')}`);
    else filter[name] = value;
  }
  if (problems.length === 0) return { filter, limit };
  const names = [...fields, ...statuses, ...times].map((name) => `\`${name}\``);
  throw new GatewayError(
    400,
    'invalid_request_error',
    'invalid_query',
    `${problems.join('; ')} [query] help: ask for ${names.join(', ')} or \`limit\``,
    { headers: { 'x-should-retry': 'false' } },
  );
}
