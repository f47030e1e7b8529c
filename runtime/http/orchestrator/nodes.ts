import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { NODE_KINDS, type NodeState, type Resources, WORKLOAD_FORMS } from '../../../schema/workload.ts';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { answers, TAGS } from './shapes.ts';
import { viewerOf } from '../viewer.ts';

const Amount = Type.Integer({ minimum: 0 });
const ResourcesShape = (description: string) => Type.Object({ cpu_millis: Amount, memory_bytes: Amount, gpus: Amount }, { description });
const NodeShape = Type.Object({
  name: Type.String({ description: '`local`, `kubernetes/<node>` or `<peer>/<its node>`' }),
  kind: Type.Enum([...NODE_KINDS]),
  reachable: Type.Boolean(),
  cordoned: Type.Boolean({ description: 'it takes no new workload' }),
  labels: Type.Record(Type.String(), Type.String()),
  forms: Type.Array(Type.Enum([...WORKLOAD_FORMS]), { description: 'how workloads can run there' }),
  total: ResourcesShape('what it offers'),
  free: ResourcesShape('what no workload has taken'),
  load: Type.Number({ minimum: 0, description: 'share of its CPU that is busy' }),
});
const NodesShape = Type.Object({
  items: Type.Array(NodeShape),
  truncated: Type.Boolean({ description: 'there are more' }),
});

/** `GET /v1/nodes`: places for workloads as they were last measured. A caller sees those of its own workloads; the scope `admin` sees all. */
export function serveNodes(app: FastifyInstance, workloads: Workloads): void {
  const schema = { summary: 'nodes, and what is free of them', tags: TAGS, response: answers({ 200: NodesShape }) };
  app.get('/v1/nodes', { config: { scope: 'read:jobs' }, schema }, async (request) => {
    const { items, truncated } = await workloads.listNodes(viewerOf(request as FastifyRequest));
    return { items: items.map(describeNode), truncated };
  });
}

function describeNode({ total, free, ...node }: NodeState) {
  return { ...node, total: describeResources(total), free: describeResources(free) };
}

function describeResources({ cpuMillis, memoryBytes, gpus }: Resources) {
  return { cpu_millis: cpuMillis, memory_bytes: memoryBytes, gpus };
}
