import { budget } from './budget.ts';
import { capability } from './capability.ts';
import { taskClass } from './class.ts';
import type { Constraint } from './constraint.ts';
import { context } from './context.ts';
import { cost } from './cost.ts';
import { live } from './live.ts';
import { measured } from './measured.ts';
import { model } from './model.ts';
import { privacy } from './privacy.ts';
import { quality } from './quality.ts';
import { sla } from './sla.ts';
import { tier } from './tier.ts';

/** Every axis, in the order of the stages: a rejection names the first that excluded. */
export const CONSTRAINTS: readonly Constraint[] = [
  model,
  taskClass,
  capability,
  context,
  privacy,
  cost,
  budget,
  tier,
  quality,
  measured,
  sla,
  live,
];
