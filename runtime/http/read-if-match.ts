import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

const NO_RETRY = { 'x-should-retry': 'false' };

/**
 * What `If-Match` asks of the router that is to be replaced: its hash in quotes, several with commas between, or `*` for any.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#name-if-match
 *
 * @throws GatewayError 400 where the header says something else.
 */
export function readIfMatch(header: string | undefined): (active: string) => boolean {
  if (header === undefined || header.trim() === '*') return () => true;
  const tags = header.split(',').map((tag) => /^"([^"]*)"$/.exec(tag.trim())?.[1]);
  if (tags.includes(undefined)) {
    const message = '`If-Match` holds no hash in quotes [if-match] help: send `If-Match: "<hash>"` as `GET /v1/policy` names it';
    throw new GatewayError(400, 'invalid_request_error', 'invalid_if_match', message, { headers: NO_RETRY });
  }
  return (active) => tags.includes(active);
}

/** The 412 where another router serves than was expected. */
export function refuseOvertaken(gateway: Gateway): GatewayError {
  const message = `the policy in force is \`${gateway.cell.active.hash}\` [if-match] help: read \`GET /v1/policy\`, and decide again`;
  return new GatewayError(412, 'invalid_request_error', 'precondition_failed', message, { headers: NO_RETRY });
}
