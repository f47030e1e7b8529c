import type { FastifyRequest } from 'fastify';

const NOTHING = Buffer.alloc(0);

/** The bytes of a body. A request without one has none: its reader says what is missing. */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return (body as Buffer | undefined) ?? NOTHING;
}
