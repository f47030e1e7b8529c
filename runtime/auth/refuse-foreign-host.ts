import { isLoopback } from '../config/is-loopback.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

/**
 * Without caller keys, being on this machine is what lets a caller in. A web page can borrow that: its own name, made to point to
 * loopback, lets it speak to this server as if it were its own. Such a request still carries the page's name in `Host`.
 *
 * @throws GatewayError 403 where `host` is no name of this machine's loopback.
 */
export function refuseForeignHost(host: string | undefined): void {
  const name = (host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  if (isLoopback(name) || name.endsWith('.localhost')) return;
  const message =
    'the policy has no caller keys, so only loopback is served [host] help: ask for http://127.0.0.1, or add `keys:` to the policy';
  throw new GatewayError(403, 'permission_error', 'foreign_host', message, { headers: { 'x-should-retry': 'false' } });
}
