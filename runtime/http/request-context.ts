import type { Scope } from '../../schema/vocabulary.ts';
import type { ErrorWords } from '../gateway/error-words.ts';
import type { ProxiedRoute } from '../gateway/proxied-route.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { LiveRouter } from '../router/live-router.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The router that serves this request from its first byte to its last. */
    router: LiveRouter;
    /** Row of the caller in that router. */
    caller: number;
    /** Bytes of its body that are counted in `Admission`. */
    held: number;
    /** What the audit log is told of it beside its route and its answer; a handler may say. */
    audited: { readonly action?: string; readonly subject?: string | null; readonly detail?: string } | null;
    /** Of its trace; null where nobody asked for traces. */
    span: Span | null;
    /** The body of an answer that is no success. */
    said: unknown;
  }
  interface FastifyContextConfig {
    /** What a caller's key must allow; null = open to everybody who reaches the server. */
    scope?: Scope | null;
    /** A route whose requests go on to a backend: all else about it stands there. */
    proxied?: ProxiedRoute;
    /** The action as the audit log names it, `workload.schedule`; method and path where nothing stands here. Null: a call of it changes nothing worth a record. */
    audit?: string | null;
    /** False = no request in the sense of `--max-requests`: it has a limit of its own. */
    counted?: boolean;
    /** How its callers are told of errors; OpenAI's envelope where nothing stands here. */
    errors?: ErrorWords;
  }
}
