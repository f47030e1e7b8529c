import { GatewayError } from '../gateway/gateway-error.ts';
import type { Entry } from '../router/policy-loader.ts';

/**
 * How an artifact that is put is to be taken in: `?canary=10` for a share of the callers in percent, `?mode=shadow` for none, neither for all.
 *
 * @throws GatewayError 400 with every mistake.
 */
export function readEntry(query: Readonly<Record<string, unknown>>): Entry {
  const { canary, mode, ...others } = query;
  const problems = Object.keys(others).map((name) => `unknown parameter \`${name.slice(0, 64)}\``);
  if (mode !== undefined && mode !== 'shadow') problems.push('`mode` is not `shadow`');
  if (mode !== undefined && canary !== undefined) problems.push('`mode` excludes `canary`');
  if (problems.length > 0) throw refuse(problems.join('; '));
  if (mode === 'shadow') return 'shadow';
  if (canary === undefined) return 'all';
  const percent = readPercent(typeof canary === 'string' && /^\d+(\.\d+)?$/.test(canary) ? Number(canary) : null);
  return percent === 100 ? 'all' : { canary: percent };
}

/** @throws GatewayError 400 where it is no share of the callers. */
export function readPercent(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 100) return value;
  throw refuse('the share of a canary is no number over 0 and at most 100');
}

function refuse(problem: string): GatewayError {
  const help = 'send `?canary=10` for a share of the callers in percent, `?mode=shadow` for none, or neither for all';
  return new GatewayError(400, 'invalid_request_error', 'invalid_query', `${problem} [query] help: ${help}`, {
    headers: { 'x-should-retry': 'false' },
  });
}
