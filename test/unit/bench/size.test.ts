import { expect, test } from 'vitest';
import { loadPolicy } from '../../../compiler/bench/load-policy.ts';
import { writeSyntheticPolicy } from '../../../compiler/bench/synthetic-policy.ts';

/** Text of `route` without its numbers: rows and strides differ, code may not. */
const shapeOf = (route: unknown): string => String(route).replace(/\b\d+\b/g, '0');

test('route is the same code for 10, 100 and 1,000 policies of equal targets', async () => {
  const routers = [];
  for (const policies of [10, 100, 1000]) routers.push(await loadPolicy(writeSyntheticPolicy({ targets: 32, policies })));
  const [ten, ...more] = routers;
  for (const { statements, router } of more) {
    expect(statements).toBe(ten!.statements);
    expect(shapeOf(router.route)).toBe(shapeOf(ten!.router.route));
  }
});
