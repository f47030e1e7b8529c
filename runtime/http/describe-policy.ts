import Type from 'typebox';
import type { Gateway } from '../gateway/gateway.ts';
import type { CanaryStatus } from '../router/canary.ts';
import type { LiveRouter } from '../router/live-router.ts';
import type { RouterFigures } from '../router/router-tally.ts';
import type { ShadowStatus } from '../router/shadow.ts';

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
  signed_by: Maybe(Type.String({ description: 'id of the trusted key that vouches for it; null where no signature is asked for' })),
  sources: Type.Array(Type.Object({ file: Type.String(), sha256: Type.String() }), { description: 'files that it was compiled from' }),
  targets: Type.Integer(),
  policies: Type.Integer(),
  unenforced: Type.Array(Type.String()),
  constraints: Type.Enum(['enforce', 'shadow', 'off'], { description: 'what becomes of caps of cost, floors of quality and SLAs' }),
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

const Fared = { ...Figures, cost_usd: Type.Number({ description: 'mean estimated cost of a request' }) };

const CanaryShape = Type.Object({
  hash: Type.String(),
  state: Type.Enum(['open', 'passed', 'promoted', 'aborted', 'rolled-back', 'superseded']),
  percent: Type.Number({ description: 'of the callers' }),
  keys: Maybe(
    Type.Object(
      { canary: Type.Integer(), all: Type.Integer() },
      { description: 'keys whose callers it serves; null: told apart by connection' },
    ),
  ),
  since: Type.String(),
  until: Type.String({ description: 'end of its watch window; it is judged for as long as it is there' }),
  min_decisions: Type.Integer(),
  ...Fared,
  live: Type.Object(Fared, { description: 'the live router over the same time' }),
  reason: Maybe(Type.String()),
});

/** `GET /v1/policy` and what changes it answer with this. */
export const PolicyShape = Type.Object({
  active: RouterShape,
  previous: Maybe(RouterShape),
  last_error: Maybe(Type.Object({ message: Type.String(), hash: Maybe(Type.String()), at: Type.String() })),
  watch: WatchShape,
  canary: Maybe(CanaryShape),
  shadow: Maybe(Type.Object({ hash: Type.String(), decisions: Type.Integer(), different: Type.Integer() })),
  history: Type.Array(
    Type.Object({
      event: Type.String(),
      at: Type.String(),
      from: Type.String(),
      to: Maybe(Type.String()),
      by: Type.String(),
      reason: Maybe(Type.String()),
      recent: Maybe(
        Type.Object(
          {
            decisions: Type.Integer(),
            different: Type.Integer(),
            rejects_before: Type.Integer(),
            rejects_after: Type.Integer(),
            loosened: Type.Integer(),
            tightened: Type.Integer(),
          },
          { description: 'what the new router made of the requests that are remembered, before it served' },
        ),
      ),
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
    canary: policy.canary.status === null ? null : describeCanary(policy.canary.status, config.canaryMinDecisions),
    shadow: describeShadow(policy.shadow.status),
    history: [...policy.trail.events],
    verified_at: policy.freshness.verifiedAt.toISOString(),
    max_staleness: config.maxStaleness === 0 ? null : config.maxStaleness / 1e3,
  };
}

function describeCanary(status: CanaryStatus, minDecisions: number): Type.Static<typeof CanaryShape> {
  const { hash, state, percent, keys, since, until, figures, live, reason } = status;
  return {
    hash,
    state,
    percent,
    keys,
    since: since.toISOString(),
    until: until.toISOString(),
    min_decisions: minDecisions,
    ...describeFared(figures),
    live: describeFared(live),
    reason,
  };
}

function describeShadow(status: ShadowStatus | null) {
  return status && { hash: status.hash, decisions: status.decisions, different: status.different };
}

function describeFared(figures: RouterFigures) {
  return { ...describeFigures(figures), cost_usd: figures.spent / Math.max(1, figures.decisions) / 1e9 };
}

function describeRouter(router: LiveRouter): Type.Static<typeof RouterShape> {
  return {
    hash: router.hash,
    loaded_at: router.loadedAt.toISOString(),
    age_seconds: (Date.now() - router.loadedAt.getTime()) / 1e3,
    source: router.source,
    compiler: router.manifest.compiler,
    signed_by: router.signedBy,
    sources: [...router.manifest.sources],
    targets: router.manifest.plan.targets,
    policies: router.manifest.plan.policies,
    unenforced: [...router.manifest.unenforced],
    constraints: router.constraints,
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
