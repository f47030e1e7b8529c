import type { FastifyInstance, FastifyRequest } from 'fastify';
import { nameCaller } from '../auth/name-caller.ts';
import { readKey } from '../auth/read-key.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { judgeCall } from '../orchestrator/audit/judge-call.ts';
import { readProblem } from '../orchestrator/audit/read-problem.ts';
import { readTraceparent } from '../telemetry/read-traceparent.ts';

/** Scopes whose routes change nothing, whatever their method. */
const READING: readonly unknown[] = ['llm:invoke', 'read:jobs', 'context:read', null];

/** Tells the audit log of every call that was refused or changed something. The one place but for proxied routes (`gateway/audit-refusal.ts`). */
export function auditCalls(app: FastifyInstance, gateway: Gateway): void {
  app.decorateRequest('audited', null);
  app.decorateRequest('said', null);
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode >= 400) request.said = payload;
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.proxied === undefined) auditCall(gateway, request, reply.statusCode);
    done();
  });
}

function auditCall(gateway: Gateway, request: FastifyRequest, status: number): void {
  const { config, url } = request.routeOptions;
  const { audited, router } = request;
  const problem = status < 400 ? null : readProblem(request.said);
  const changes = config.audit !== null && request.method !== 'GET' && request.method !== 'HEAD' && !READING.includes(config.scope);
  const outcome = judgeCall(status, problem?.code ?? null, changes);
  if (outcome === null) return;
  gateway.orchestrator.audit.add({
    caller: router === undefined ? null : (router.manifest.callers[request.caller]?.name ?? nameCaller(router, readKey(request.raw))),
    action: audited?.action ?? config.audit ?? `${request.method} ${url ?? 'unknown path'}`,
    subject: audited?.subject ?? findSubject(request),
    outcome,
    status,
    code: problem?.code ?? null,
    detail: audited?.detail ?? problem?.detail ?? null,
    request: request.id,
    trace: readTraceparent(request.headers.traceparent)?.trace ?? null,
  });
}

/** What stands in the path where the route has a name. */
function findSubject({ params, url }: FastifyRequest): string | null {
  const named = Object.values((params ?? {}) as Record<string, unknown>).filter((value) => typeof value === 'string' && value !== '');
  return named.length > 0 ? named.join('/') : url.split('?')[0];
}
