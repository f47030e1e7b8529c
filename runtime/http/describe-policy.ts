import Type from 'typebox';
import type { Gateway } from '../gateway/gateway.ts';
import type { LiveRouter } from '../router/live-router.ts';
import type { RouterFigures } from '../router/router-tally.ts';

const Maybe = <T extends Type.TSchema>(shape: T): Type.TUnion<[T, Type.TNull]> => Type.Union([shape, Type.Null()]);

const Figures = {
  decisions: Type.Integer(),
  p99_us: Type.Number({ description: '99th percentile of the time of a decision' }),
  error_rate: Type.Number({ description: 'share of requests that ended with 500 and above, 0 to 1' }),
  reject_rate: Type.Number({ description: 'share of requests that were turned away, 0 to 1' }),
};

const RouterShape = Type.Object({
  hash: Type.String(),
  loaded_at: Type.String(),
  age_seconds: Type.Number(),
  source: Type.String({ description: 'folder of the artifact, or `upload`' }),
  compiler: Type.String(),
  targets: Type.Integer(),
  policies: Type.Integer(),
  unenforced: Type.Array(Type.String()),
  in_flight: Type.Integer(),
  first_decision_us: Maybe(Type.Number()),
});

const WatchShape = Type.Object({
  artifact: Type.String({ description: 'folder that is followed' }),
  policies: Maybe(Type.String({ description: 'policy folder that is compiled on change' })),
  state: Type.Enum(['idle', 'open', 'kept', 'rolled-back', 'superseded']),
  hash: Maybe(Type.String()),
  since: Maybe(Type.String()),
  until: Maybe(Type.String()),
  min_decisions: Type.Integer(),
  ...Figures,
  before: Maybe(Type.Object(Figures, { description: 'what it is compared with' })),
  reason: Maybe(Type.String()),
});

/** `GET /v1/policy` and what changes it answer with this. */
export const PolicyShape = Type.Object({
  active: RouterShape,
  previous: Maybe(RouterShape),
  last_error: Maybe(Type.Object({ message: Type.String(), hash: Maybe(Type.String()), at: Type.String() })),
  watch: WatchShape,
  history: Type.Array(
    Type.Object({
      event: Type.String(),
      at: Type.String(),
      from: Type.String(),
      to: Maybe(Type.String()),
      by: Type.String(),
      reason: Maybe(Type.String()),
    }),
    { description: 'newest first, at most 64' },
  ),
  verified_at: Type.String({ description: 'when the place that the policy comes from was last seen whole' }),
  max_staleness: Maybe(Type.Number({ description: 'seconds without verification after which the server is not ready' })),
});

/** Which router serves, which one before it, why the newest may not be it, and how the newest fares. */
export function describePolicy({ cell, config, policy }: Gateway): Type.Static<typeof PolicyShape> {
  const { watch } = policy.window;
  return {
    active: describeRouter(cell.active),
    previous: cell.previous === null ? null : describeRouter(cell.previous),
    last_error: cell.lastError,
    watch: {
      artifact: config.policy,
      policies: config.watch,
      state: watch?.state ?? 'idle',
      hash: watch?.hash ?? null,
      since: watch?.since.toISOString() ?? null,
      until: watch?.until.toISOString() ?? null,
      min_decisions: config.watchMinDecisions,
      ...describeFigures(watch?.figures ?? cell.active.tally.read()),
      before: watch === null ? null : describeFigures(watch.before),
      reason: watch?.reason ?? null,
    },
    history: [...policy.trail.events],
    verified_at: policy.freshness.verifiedAt.toISOString(),
    max_staleness: config.maxStaleness === 0 ? null : config.maxStaleness / 1e3,
  };
}

function describeRouter(router: LiveRouter): Type.Static<typeof RouterShape> {
  return {
    hash: router.hash,
    loaded_at: router.loadedAt.toISOString(),
    age_seconds: (Date.now() - router.loadedAt.getTime()) / 1e3,
    source: router.source,
    compiler: router.manifest.compiler,
    targets: router.manifest.plan.targets,
    policies: router.manifest.plan.policies,
    unenforced: [...router.manifest.unenforced],
    in_flight: router.inFlight,
    first_decision_us: router.tally.firstMicros === null ? null : round(router.tally.firstMicros),
  };
}

function describeFigures({ decisions, p99Micros, errors, rejects }: RouterFigures) {
  const all = Math.max(1, decisions);
  return { decisions, p99_us: round(p99Micros), error_rate: errors / all, reject_rate: rejects / all };
}

function round(micros: number): number {
  return Math.round(micros * 10) / 10;
}
