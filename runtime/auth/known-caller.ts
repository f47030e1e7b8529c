import type { Socket } from 'node:net';
import type { Scope } from '../../schema/vocabulary.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { authenticate } from './authenticate.ts';

/** What a connection last proved. */
interface Proof {
  /** Hash of the policy that it was proven to. Not the router: an idle connection would keep one that has long retired. */
  readonly policy: string;
  readonly authorization: string | undefined;
  readonly scope: Scope;
  readonly caller: number;
}

const PROOFS = new WeakMap<Socket, Proof>();

/**
 * As `authenticate`, but a connection that sends the same header again to the same policy is known: hashing its key every time costs
 * four times the decision. What is compared is what came on this connection before, so that the time tells nobody of another's key.
 *
 * @throws GatewayError 401 or 403.
 */
export function knownCaller(router: LiveRouter, socket: Socket, authorization: string | undefined, scope: Scope): number {
  const proof = PROOFS.get(socket);
  if (proof !== undefined && proof.policy === router.hash && proof.authorization === authorization && proof.scope === scope)
    return proof.caller;
  const caller = authenticate(router, authorization, scope);
  PROOFS.set(socket, { policy: router.hash, authorization, scope, caller });
  return caller;
}
