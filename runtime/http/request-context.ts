import type { Scope } from '../../schema/vocabulary.ts';
import type { LiveRouter } from '../router/live-router.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The router that serves this request from its first byte to its last. */
    router: LiveRouter;
    /** Row of the caller in that router. */
    caller: number;
    /** `performance.now()` at its arrival. */
    arrived: number;
    /** Bytes of its body that are counted in `Admission`. */
    held: number;
  }
  interface FastifyContextConfig {
    /** What a caller's key must allow; null = open to everybody who reaches the server. */
    scope?: Scope | null;
    /** Answers carry the X-Nexus headers, whatever happens. */
    proxied?: boolean;
  }
}
