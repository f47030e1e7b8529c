import type { Violation } from '../../../schema/decision.ts';
import type { Intent } from '../../../schema/intent.ts';
import type { Live } from '../../../schema/router.ts';
import type { RouterData } from './data.ts';
import { costAt } from './money.ts';

type Verdicts = (intent: Intent, live: Live, excluded: Int32Array, target: number) => string[];

/** Builds `violations`: the constraints that a target does not meet, with what they ask for and what it is. Only when asked. */
export function buildViolations(data: RouterData, verdicts: Verdicts, none: Int32Array) {
  const { columns, axes, words } = data;

  return (intent: Intent, live: Live, target: number): Violation[] =>
    verdicts(intent, live, none, target).flatMap((constraint) => {
      const told = tell(constraint, intent, live, target);
      return told === null ? [] : [{ constraint: constraint as Violation['constraint'], ...told }];
    });

  function tell(constraint: string, intent: Intent, live: Live, target: number): Omit<Violation, 'constraint'> | null {
    const column = columns[target]!;
    if (constraint === 'cost') {
      const actual = column.known ? dollars(costAt(column, intent.input, intent.output)) : 'unknown';
      return { threshold: `at most ${dollars(intent.costCap)}`, actual };
    }
    if (constraint === 'quality') {
      const { minQuality, name } = data.categories[intent.category]!;
      const threshold = minQuality === null ? `what category ${name} asks for` : `at least ${minQuality / 1e6}`;
      return { threshold, actual: String(column.quality / 1e6) };
    }
    const axis = axes.find((each) => each.axis === constraint);
    if (axis?.content.kind !== 'measured') return null;
    const floor = axis.content.floors[intent.at[constraint]! / words - axis.row]!;
    const { error_rate_1h, success_rate_24h, avg_ttft_ms, ttft_ms, ms_per_token } = live.snapshot.targets[target]!;
    const first = ttft_ms[floor.at];
    const total = first + floor.expected * ms_per_token;
    const failed = [
      error_rate_1h > floor.maxErrorRate && [`errors at most ${floor.maxErrorRate}`, String(error_rate_1h)],
      success_rate_24h < floor.minSuccessRate && [`success at least ${floor.minSuccessRate}`, String(success_rate_24h)],
      avg_ttft_ms > floor.maxTtft && [`first token at most ${floor.maxTtft} ms`, `${Math.round(avg_ttft_ms)} ms`],
      first > floor.firstToken && [`first token at most ${floor.firstToken} ms`, `${Math.round(first)} ms`],
      total > floor.total && [`at most ${floor.total} ms`, `${Math.round(total)} ms expected`],
    ].filter((each) => each !== false) as [string, string][];
    return { threshold: failed.map(([asked]) => asked).join(', '), actual: failed.map(([, is]) => is).join(', ') };
  }
}

/** Pico-dollars as decimal USD. */
const dollars = (pico: number): string => `$${(pico / 1e12).toFixed(9).replace(/\.?0+$/, '')}`;
