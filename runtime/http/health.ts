import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { Condition } from './budgets.ts';
import { TARGET_CONDITIONS } from '../backends/target-status.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Context } from '../orchestrator/context/context.ts';
import type { OpenedMachine } from '../orchestrator/local/open-machine.ts';
import type { Route } from '../router/live-router.ts';
import type { Resources } from '../../schema/workload.ts';

const ResourcesShape = Type.Object({ cpu_millis: Type.Integer(), memory_bytes: Type.Integer(), gpus: Type.Integer() });

const HealthShape = Type.Object({
  ok: Type.Boolean(),
  capacity: Type.Object({
    cpuCores: Type.Number({
      description: 'that this process may use: the machine, the set of its cores and its cgroups, whatever is least',
    }),
    memoryBytes: Type.Integer(),
    freeMemoryBytes: Type.Integer(),
    load: Type.Number({ description: 'share of those cores that was busy over the last two seconds, 0 to 1' }),
    gpus: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          vendor: Type.Union([Type.Literal('nvidia'), Type.Literal('amd')]),
          memoryBytes: Type.Union([Type.Integer(), Type.Null()]),
          freeMemoryBytes: Type.Union([Type.Integer(), Type.Null()]),
          load: Type.Union([Type.Number(), Type.Null()]),
        }),
      ),
    ),
    labels: Type.Record(Type.String(), Type.String()),
    workloads: Type.Union([Type.Object({ total: ResourcesShape, free: ResourcesShape }), Type.Null()], {
      description: 'what workloads get of this machine; null: it takes none',
    }),
  }),
  ledger: Condition,
  context: Type.Object({
    vectors: Type.Object({ store: Type.String(), ok: Type.Boolean({ description: 'it has followed what was embedded' }) }),
    embeddings: Type.Object({ ok: Type.Boolean({ description: 'they are made, or there is nothing to make' }) }),
    mcp: Type.Object({ servers: Type.Integer(), connected: Type.Integer() }),
  }),
  backends: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.String(),
      zone: Type.String(),
      state: Type.Union([Type.Literal('up'), Type.Literal('loading'), Type.Literal('down')]),
      reason: Type.Union([Type.String(), Type.Null()]),
      in_flight: Type.Integer(),
      max_in_flight: Type.Integer({ description: 'requests at once, over all its models' }),
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
    capacity: describeCapacity(gateway.orchestrator.machine),
    ledger: gateway.ledger.condition,
    context: describeContext(gateway.orchestrator.context),
    backends: request.router.backends.map(({ config, health, inFlight, capacity }, row) => ({
      name: config.name,
      type: config.type,
      zone: config.zone,
      state: health.state,
      reason: health.state === 'up' ? null : health.reason,
      in_flight: inFlight,
      max_in_flight: capacity,
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

/** From memory: whatever was measured last. */
function describeCapacity({ probe, labels, runner }: OpenedMachine): object {
  const { cpuCores, memoryBytes, freeMemoryBytes, load, gpus } = probe.current;
  const [node] = runner?.nodes() ?? [];
  return {
    cpuCores,
    memoryBytes,
    freeMemoryBytes,
    load,
    ...(gpus.length === 0 ? {} : { gpus }),
    labels,
    workloads: node === undefined ? null : { total: describeResources(node.total), free: describeResources(node.free) },
  };
}

function describeResources({ cpuMillis, memoryBytes, gpus }: Resources): object {
  return { cpu_millis: cpuMillis, memory_bytes: memoryBytes, gpus };
}

/** No names and no reasons: everybody may read this. */
function describeContext({ status: { vectors, embeddings, mcp } }: Context): object {
  return { vectors: { store: vectors.store, ok: vectors.problem === null }, embeddings: { ok: embeddings.problem === null }, mcp };
}

function describeTarget({ backend, config }: Route): object {
  const { condition, reason, waitMs } = backend.describe(config.upstream);
  const retry_in_ms = Number.isFinite(waitMs) ? Math.ceil(waitMs) : null;
  return { model: config.model, state: condition, reason, retry_in_ms, in_flight: backend.inFlightOf(config.upstream) };
}
