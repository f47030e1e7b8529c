import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { registerAdmissionGauges } from '../telemetry/register-admission-gauges.ts';
import { registerTargetGauges } from '../telemetry/register-target-gauges.ts';

/** `GET /metrics` in Prometheus' text format. Open to everybody who reaches the server: it holds names of backends, no traffic. */
export function serveMetrics(app: FastifyInstance, gateway: Gateway): void {
  const { registry } = gateway.metrics;
  registerTargetGauges(registry, () => gateway.cell.active.routes);
  registerAdmissionGauges(registry, gateway.admission);
  const schema = { summary: 'metrics in the text format of Prometheus', tags: ['health'], produces: ['text/plain'] };
  app.get('/metrics', { config: { scope: null }, schema }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
