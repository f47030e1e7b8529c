import { nameCaller } from '../auth/name-caller.ts';
import { readKey } from '../auth/read-key.ts';
import { judgeCall } from '../orchestrator/audit/judge-call.ts';
import { readTraceparent } from '../telemetry/read-traceparent.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayError } from './gateway-error.ts';

/** Tells the audit log that a request for a backend was refused. What was decided of others is in the decision log. */
export function auditRefusal(exchange: Exchange, { status, code, message }: GatewayError): void {
  const outcome = judgeCall(status, code, false);
  if (outcome === null) return;
  const { gateway, router, caller, route, request } = exchange;
  gateway.orchestrator.audit.add({
    caller: router.manifest.callers[caller]?.name ?? nameCaller(router, readKey(request)),
    action: `POST ${route.path}`,
    subject: exchange.asked?.body.model ?? null,
    outcome,
    status,
    code,
    detail: message,
    request: exchange.id,
    trace: exchange.span?.context.trace ?? readTraceparent(request.headers.traceparent)?.trace ?? null,
  });
}
