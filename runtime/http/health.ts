import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { TARGET_CONDITIONS } from '../backends/target-status.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Route } from '../router/live-router.ts';

const HealthShape = Type.Object({
  ok: Type.Boolean(),
  capacity: Type.Object({
    cpuCores: Type.Integer(),
    memoryBytes: Type.Integer(),
    freeMemoryBytes: Type.Integer(),
    load: Type.Number({ description: 'mean number of running processes over a minute' }),
  }),
  backends: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.String(),
      zone: Type.String(),
      state: Type.Union([Type.Literal('up'), Type.Literal('loading'), Type.Literal('down')]),
      reason: Type.Union([Type.String(), Type.Null()]),
      in_flight: Type.Integer(),
      targets: Type.Array(
        Type.Object({
          model: Type.String(),
          state: Type.Union(TARGET_CONDITIONS.map((condition) => Type.Literal(condition))),
          reason: Type.Union([Type.String(), Type.Null()]),
          retry_in_ms: Type.Union([Type.Integer(), Type.Null()], { description: 'until it may serve; null where waiting does not help' }),
          in_flight: Type.Integer(),
        }),
      ),
    }),
  ),
});

const ProbeShape = Type.Object({ ok: Type.Boolean() });

/** `GET /health` for people and peers, `/health/live` and `/health/ready` for Kubernetes. Open to everybody who reaches the server. */
export function serveHealth(app: FastifyInstance, gateway: Gateway): void {
  const tags = ['health'];
  const config = { scope: null };
  app.get('/health', { config, schema: { summary: 'capacity and backends', tags, response: { 200: HealthShape } } }, (request) => ({
    ok: true,
    capacity: { cpuCores: availableParallelism(), memoryBytes: totalmem(), freeMemoryBytes: freemem(), load: loadavg()[0] },
    backends: request.router.backends.map(({ config, health, inFlight }, row) => ({
      name: config.name,
      type: config.type,
      zone: config.zone,
      state: health.state,
      reason: health.state === 'up' ? null : health.reason,
      in_flight: inFlight,
      targets: request.router.routes.filter((route) => route.config.backend === row).map(describeTarget),
    })),
  }));
  app.get('/health/live', { config, schema: { summary: 'the process works', tags, response: { 200: ProbeShape } } }, () => ({ ok: true }));
  app.get(
    '/health/ready',
    {
      config,
      schema: {
        summary: 'the server is not going down, and its policy was verified within `--max-staleness`',
        tags,
        response: { 200: ProbeShape, 503: ProbeShape },
      },
    },
    (_request, reply) => {
      const ok = !gateway.draining && !gateway.policy.freshness.isStale(gateway.config.maxStaleness);
      return reply.code(ok ? 200 : 503).send({ ok });
    },
  );
}

function describeTarget({ backend, config }: Route): object {
  const { condition, reason, waitMs } = backend.describe(config.upstream);
  const retry_in_ms = Number.isFinite(waitMs) ? Math.ceil(waitMs) : null;
  return { model: config.model, state: condition, reason, retry_in_ms, in_flight: backend.inFlightOf(config.upstream) };
}
