import { expect, test } from 'vitest';
import { HeldOrders } from '../../../runtime/decisions/held-orders.ts';
import type { Manifest } from '../../../schema/manifest.ts';
import type { MetricsSnapshot } from '../../../schema/snapshot.ts';

const order = (router: string, rows: number) => ({
  router,
  manifest: {} as Manifest,
  snapshot: { targets: Array(rows).fill(null) } as unknown as MetricsSnapshot,
});

test('orders are held to the rows of their snapshots, the oldest go first', () => {
  const held = new HeldOrders(10);
  for (const name of ['a', 'b', 'c', 'c']) held.hold(name, order('one', 4));
  expect(['a', 'b', 'c'].map((name) => held.get(name) !== undefined)).toEqual([false, true, true]);
  held.hold('large', order('one', 50));
  expect(held.get('large')).toBeDefined();
  expect(held.get('c')).toBeUndefined();
});

test('a router that is swapped a thousand times is held sixteen times', () => {
  const held = new HeldOrders();
  const names: string[] = [];
  for (let router = 0; router < 1_000; router++) {
    for (const part of ['x', 'y']) {
      const name = `${router}-${part}`;
      names.push(name);
      held.hold(name, order(`router ${router}`, 1));
    }
  }
  const left = names.filter((name) => held.get(name) !== undefined);
  expect(left).toEqual(names.slice(-32));
  held.hold('again', order('router 999', 1));
  expect(held.get('984-x')).toBeDefined();
});

test('a router that comes back shares the manifest that is held', () => {
  const held = new HeldOrders();
  const first = order('one', 1);
  held.hold('a', first);
  held.hold('b', order('one', 1));
  held.hold('c', order('other', 1));
  expect(['a', 'b', 'c'].map((name) => held.get(name)!.manifest === first.manifest)).toEqual([true, true, false]);
});
