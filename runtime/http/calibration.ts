import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../gateway/gateway.ts';

const Ratio = (description: string) => Type.Number({ description: `${description}; 1 where nothing was learned` });
const CalibrationShape = Type.Object({
  constraints: Type.Enum(['enforce', 'shadow', 'off'], { description: 'what becomes of caps of cost, floors of quality and SLAs' }),
  models: Type.Array(
    Type.Object({
      model: Type.String(),
      samples: Type.Integer({ description: 'settled calls whose answers told their usage' }),
      output_ratio: Ratio('output tokens told over those estimated, lately'),
      cost_ratio: Ratio('cost over its estimate, lately'),
    }),
  ),
  categories: Type.Array(
    Type.Object({
      category: Type.String(),
      attempts: Type.Integer({ description: 'priced calls of the month' }),
      share: Type.Number({ description: 'of all of them, 0 to 1' }),
      usd: Type.Number({ description: 'settled' }),
      usd_per_attempt: Type.Number(),
    }),
  ),
  violations: Type.Object(
    {
      cost: Type.Integer({ description: 'calls whose estimate was over a cap that is only observed, and whose cost is known' }),
      false_cost: Type.Integer({ description: 'of those, calls that cost no more than the cap' }),
    },
    { description: 'since the process began' },
  ),
});

/** `GET /v1/calibration`: how estimates compare with what calls cost, by model, and what kinds of calls there are. */
export function serveCalibration(app: FastifyInstance, gateway: Gateway): void {
  const schema = {
    summary: 'estimates against what calls cost, and the mix of categories',
    tags: ['policyd'],
    response: { 200: CalibrationShape },
  };
  app.get('/v1/calibration', { config: { scope: 'admin' }, schema }, async ({ router }) => {
    const { ledger, metrics } = gateway;
    const { calibration } = ledger;
    const spend = (await ledger.spend()).filter(({ dimension }) => dimension === 'category');
    const all = spend.reduce((sum, { month }) => sum + month.attempts, 0);
    return {
      constraints: router.constraints,
      models: calibration.rows.map(({ model, samples }) => ({
        model,
        samples,
        output_ratio: calibration.output(model),
        cost_ratio: calibration.cost(model),
      })),
      categories: spend.map(({ name, month: { attempts, settled } }) => ({
        category: name,
        attempts,
        share: all === 0 ? 0 : attempts / all,
        usd: settled / 1e9,
        usd_per_attempt: attempts === 0 ? 0 : settled / 1e9 / attempts,
      })),
      violations: { cost: metrics.violations.judged, false_cost: metrics.violations.unfounded },
    };
  });
}
