import Type, { type Static } from 'typebox';
import { NODE_KINDS, WORKLOAD_FORMS } from '../../../schema/workload.ts';
import { PRIVACIES } from '../../../schema/vocabulary.ts';
import { RUN_PHASES } from '../runner.ts';

/** Version of what peers say to each other. One that speaks another is shown, and gets no work. */
export const PEER_PROTOCOL = 1;

/** Most runs that one `sync` asks about. */
export const SYNC_RUNS = 500;
/** What stands for the status of a run that is there, but another's. */
export const OTHER = 'other';
/** Most bytes of one piece of a run's output. */
export const LOG_PIECE = 1 << 18;
/** Most nodes that a peer tells of. */
export const PEER_NODES = 256;

const closed = { additionalProperties: false } as const;
const Nullable = <Shape extends Type.TSchema>(shape: Shape) => Type.Union([shape, Type.Null()]);
const Text = (longest: number) => Type.String({ maxLength: longest });
const Labels = Type.Record(Type.String(), Text(1_024), { maxProperties: 64 });
const Amount = Type.Integer({ minimum: 0 });

export const RunId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' });
export const Token = Type.String({ maxLength: 80, description: 'what renews a lease: when the peer said it, by its own clock' });

export const ResourcesShape = Type.Object({ cpuMillis: Amount, memoryBytes: Amount, gpus: Amount }, closed);

export const NodeShape = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  kind: Type.Enum([...NODE_KINDS]),
  reachable: Type.Boolean(),
  cordoned: Type.Boolean(),
  labels: Labels,
  forms: Type.Array(Type.Enum([...WORKLOAD_FORMS])),
  total: ResourcesShape,
  free: ResourcesShape,
  load: Type.Number({ minimum: 0 }),
});

export const StatusShape = Type.Object({
  phase: Type.Enum([...RUN_PHASES]),
  reason: Nullable(Type.String()),
  exitCode: Nullable(Type.Integer()),
  startedAt: Nullable(Type.Number({ description: 'ms since 1970' })),
  endedAt: Nullable(Type.Number({ description: 'ms since 1970' })),
});

/** What a peer says of itself. */
export const FactsShape = Type.Object({
  protocol: Type.Integer({ description: 'one that is not ours is not spoken to' }),
  version: Type.String(),
  instance: Type.String({ maxLength: 64, description: 'names a policyd and what it remembers' }),
  policy: Type.String({ description: 'hash of the policy that serves there' }),
  capability: Type.String({ description: 'hash of what its nodes are, without what is free of them' }),
  nodes: Type.Array(NodeShape, { maxItems: PEER_NODES, description: 'its own, none of its peers' }),
});
export type PeerFacts = Static<typeof FactsShape>;

export const WorkloadShape = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }),
    image: Nullable(Text(1_024)),
    command: Type.Array(Text(65_536), { maxItems: 1_024 }),
    env: Type.Record(Type.String(), Text(65_536), { maxProperties: 1_024 }),
    needs: ResourcesShape,
    privacy: Type.Enum([...PRIVACIES]),
    labels: Labels,
    nodeLabels: Labels,
    timeout: Nullable(Type.Integer({ minimum: 0 })),
    retries: Amount,
    task: Nullable(Type.Object({ feature: Text(256), id: Text(256) }, closed)),
    context: Nullable(Type.Object({ query: Text(65_536), tokens: Amount }, closed)),
  },
  closed,
);

/** A run that is to be taken: what it asks, and how long it may live without being heard of. */
export const OfferShape = Type.Object(
  {
    protocol: Type.Integer(),
    run: RunId,
    job: Text(128),
    node: Type.String({ minLength: 1, maxLength: 256, description: "the peer's own name of its node" }),
    capability: Text(64),
    lease: Type.Integer({ minimum: 1_000, maximum: 600_000, description: 'ms' }),
    trace: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    workload: WorkloadShape,
  },
  closed,
);
export type Offer = Static<typeof OfferShape>;

/** Room is held for it, or it is there already: then with its status. */
export const GrantShape = Type.Object({
  instance: Type.String(),
  token: Token,
  status: Nullable(StatusShape),
});
export type Grant = Static<typeof GrantShape>;

export const StartShape = Type.Object({ token: Token }, closed);
export const StartedShape = Type.Object({ instance: Type.String(), token: Token, status: StatusShape });

export const SyncShape = Type.Object(
  {
    token: Nullable(Token),
    wait: Type.Integer({ minimum: 0, maximum: 60_000, description: 'ms to wait for a change' }),
    runs: Type.Array(Type.Object({ id: RunId, seen: Nullable(Text(64)) }, closed), { maxItems: SYNC_RUNS }),
  },
  closed,
);
export type Sync = Static<typeof SyncShape>;

export const SyncedShape = Type.Object({
  facts: FactsShape,
  token: Token,
  runs: Type.Array(
    Type.Object({
      id: RunId,
      seen: Type.String({ description: 'digest of the status: what the next sync says that it has seen' }),
      status: Nullable(StatusShape),
    }),
    { description: 'those whose status is another than was seen; status null: it is not there' },
  ),
});
export type Synced = Static<typeof SyncedShape>;

export const PodsShape = Type.Object({
  items: Type.Array(Type.Object({ id: RunId, job: Type.String(), name: Type.String(), node: Type.String(), status: StatusShape })),
});

export const StopShape = Type.Object(
  { grace: Type.Integer({ minimum: 0, maximum: 86_400_000 }), evict: Type.Boolean(), reason: Text(1_024) },
  closed,
);
export const StoppedShape = Type.Object({ result: Type.Enum(['stopped', 'gone', 'refused']), reason: Nullable(Type.String()) });
