import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { BUDGET_STATUSES, HARD_LIMIT_ACTIONS } from '../../schema/vocabulary.ts';
import type { SpendSums } from '../ledger/read-spend.ts';
import type { Gateway } from '../gateway/gateway.ts';

const Dollars = (description: string) => Type.Number({ description: `${description}, US dollars` });
/** What becomes of money: `cut off` and `overloaded` say that little or none can be set aside. */
export const Condition = Type.Enum(['up', 'cut off', 'overloaded'], {
  description: 'whether the store of the ledger answers, and keeps up',
});

const BudgetShape = Type.Object({
  name: Type.String(),
  scope: Type.String({ description: 'what it is for; `all` where nothing narrows it' }),
  window: Type.String({ description: 'UTC: `2026-11`, `2026-11-20` or `2026-11-20T13`' }),
  status: Type.Union(BUDGET_STATUSES.map((name) => Type.Literal(name))),
  action: Type.Union(HARD_LIMIT_ACTIONS.map((name) => Type.Literal(name))),
  limit_usd: Dollars('the limit of the window'),
  settled_usd: Dollars('what calls have cost'),
  reserved_usd: Dollars('set aside for calls in flight'),
  lost_usd: Dollars('what processes that ended without a word may have spent; counted until it is settled or given back'),
  headroom_usd: Dollars('limit less settled, reserved and lost'),
  burn_usd_per_hour: Dollars('spent in an hour, lately'),
  forecast_usd: Dollars('expected at the end of the window'),
  exhausted_at: Type.Union([Type.String(), Type.Null()], { description: 'when it is used up at that rate; null: not in this window' }),
});

const Sums = Type.Object({
  usd: Dollars('settled'),
  attempts: Type.Integer(),
  input_tokens: Type.Integer(),
  output_tokens: Type.Integer(),
});
const SpendShape = Type.Object({
  dimension: Type.String({ description: 'what spend is summed over, such as `category`, `backend`, `model` or `caller`' }),
  name: Type.String(),
  today: Sums,
  month: Sums,
});

function inDollars({ settled, attempts, input, output }: SpendSums) {
  return { usd: settled / 1e9, attempts, input_tokens: input, output_tokens: output };
}

/** `GET /v1/budgets`: limit, settled, reserved and headroom of every budget of the policy. */
export function serveBudgets(app: FastifyInstance, gateway: Gateway): void {
  const schema = {
    summary: 'budgets of the policy in their current windows',
    tags: ['policyd'],
    response: {
      200: Type.Object({
        ledger: Condition,
        budgets: Type.Array(BudgetShape),
        spend: Type.Union([Type.Array(SpendShape), Type.Null()], { description: 'null: the store cannot be reached' }),
      }),
    },
  };
  app.get('/v1/budgets', { config: { scope: 'admin' }, schema }, async () => {
    const { ledger } = gateway;
    const [views, spend] = await Promise.all([ledger.describe(), ledger.spend().catch(() => null)]);
    const budgets = views.map(({ name, scope, window, status, action, limit, settled, reserved, lost, headroom, forecast }) => ({
      name,
      scope,
      window,
      status,
      action,
      limit_usd: limit / 1e9,
      settled_usd: settled / 1e9,
      reserved_usd: reserved / 1e9,
      lost_usd: lost / 1e9,
      headroom_usd: headroom / 1e9,
      burn_usd_per_hour: forecast.burnRate / 1e9,
      forecast_usd: forecast.atEnd / 1e9,
      exhausted_at: forecast.exhaustedAt === null ? null : new Date(forecast.exhaustedAt).toISOString(),
    }));
    return {
      ledger: ledger.condition,
      budgets,
      spend:
        spend === null
          ? null
          : spend.map(({ dimension, name, today, month }) => ({ dimension, name, today: inDollars(today), month: inDollars(month) })),
    };
  });
}
