import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/**
 * Headers that keep a browser from doing more with an answer than reading it. Not for proxied routes, which no browser opens as a page.
 * Whether the way to this server is encrypted is known to who ends TLS before it: `Strict-Transport-Security` is theirs to send. The
 * dashboard has a policy of its own.
 */
export async function hardenHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false,
  });
}
