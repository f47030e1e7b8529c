import { hash } from 'node:crypto';
import type { Scope } from '../../schema/vocabulary.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import type { LiveRouter } from '../router/live-router.ts';

const NO_RETRY = { 'x-should-retry': 'false' };

/**
 * The row of the caller who sent `authorization`. A policy without keys has one caller, the last row: only loopback is served then.
 *
 * Keys are looked up by their SHA-256, so that neither the time nor the shape of the search depends on a key that is stored.
 *
 * @throws GatewayError 401 `invalid_api_key` without a valid key, 403 where it lacks the scope.
 */
export function authenticate(router: LiveRouter, authorization: string | undefined, scope: Scope): number {
  const { callers } = router.manifest;
  if (callers.length === 0) return 0;
  const key = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (key === undefined) {
    const message = 'no api key was given [no-key] help: send `Authorization: Bearer <key>`';
    throw new GatewayError(401, 'invalid_request_error', 'invalid_api_key', message, {
      headers: { ...NO_RETRY, 'www-authenticate': 'Bearer' },
    });
  }
  const row = router.callers.get(hash('sha256', key, 'hex'));
  if (row === undefined) {
    const message = 'the api key is not known [unknown-key] help: `policyc keys new` makes one, its hash goes into `keys:` of the policy';
    throw new GatewayError(401, 'invalid_request_error', 'invalid_api_key', message, {
      headers: { ...NO_RETRY, 'www-authenticate': 'Bearer error="invalid_token"' },
    });
  }
  if (!callers[row].scopes.includes(scope)) {
    const message = `the key of \`${callers[row].name}\` lacks the scope \`${scope}\` [scope] help: add it to \`keys.${callers[row].name}.scopes\``;
    throw new GatewayError(403, 'permission_error', 'insufficient_scope', message, { headers: NO_RETRY });
  }
  return row;
}
