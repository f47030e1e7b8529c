import { GatewayError } from '../gateway/gateway-error.ts';

/**
 * A browser sends a plain POST of any web page to this server before it asks anybody, and says in `Origin` whose page it is. Where
 * being on this machine is all that lets a caller in, another page's request must change nothing.
 *
 * @throws GatewayError 403 where `origin` is not this server's own.
 */
export function refuseForeignOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || origin === `http://${host}`) return;
  const message =
    'a web page of another origin may not change the policy [origin] help: send the request without `Origin`, or add `keys:` to the policy';
  throw new GatewayError(403, 'permission_error', 'foreign_origin', message, { headers: { 'x-should-retry': 'false' } });
}
