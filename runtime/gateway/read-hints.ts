import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHints } from '../../schema/request.ts';
import { GatewayError } from './gateway-error.ts';

/**
 * What the `X-Nexus-*` headers of a request ask for.
 *
 * @throws GatewayError 400 where a switch is neither true nor false: a hint must not be lost in silence.
 */
export function readHints(headers: IncomingHttpHeaders): RequestHints {
  return {
    strict: readSwitch(headers, 'x-nexus-strict'),
    flexible: readSwitch(headers, 'x-nexus-flexible'),
    category: readName(headers, 'x-nexus-category'),
    class: readName(headers, 'x-nexus-class'),
  };
}

function readSwitch(headers: IncomingHttpHeaders, name: string): boolean {
  const value = headers[name];
  if (value === undefined) return false;
  const text = String(value).trim().toLowerCase();
  if (text === 'true' || text === '1' || text === '') return true;
  if (text === 'false' || text === '0') return false;
  throw new GatewayError(
    400,
    'invalid_request_error',
    'invalid_header',
    `header \`${name}\` must be true or false [hint] help: correct it or leave it out`,
  );
}

function readName(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
