import { expect, test } from 'vitest';
import { WaitQueue } from '../../../runtime/gateway/wait-queue.ts';

const nobody = (): void => {};

test('places go out in order of arrival', async () => {
  const queue = new WaitQueue(10);
  let places = 0;
  const order: number[] = [];
  const take = (who: number) => () => (places-- > 0 ? who : null);
  const waiting = [1, 2, 3].map((who) => queue.wait(take(who), 1_000, nobody).then((found) => order.push(found!)));
  places = 2;
  queue.wake();
  await Promise.all(waiting.slice(0, 2));
  expect([order, queue.size]).toEqual([[1, 2], 1]);
  places = 1;
  queue.wake();
  await waiting[2];
  expect([order, queue.size]).toEqual([[1, 2, 3], 0]);
});

test('who takes a place and so wakes the others is not asked again meanwhile', async () => {
  const queue = new WaitQueue(10);
  let places = 0;
  let taken = 0;
  const take = (): number | null => {
    if (places === 0) return null;
    places--;
    queue.wake();
    return ++taken;
  };
  const waiting = [queue.wait(take, 1_000, nobody), queue.wait(take, 1_000, nobody)];
  places = 3;
  queue.wake();
  await Promise.all(waiting);
  expect([taken, places]).toEqual([2, 1]);
});

test('full, late, cancelled: null, and nothing is left behind', async () => {
  const queue = new WaitQueue(1);
  let cancel = nobody;
  const first = queue.wait(
    () => null,
    5_000,
    (how) => (cancel = how),
  );
  expect(await queue.wait(() => 1, 5_000, nobody)).toBeNull();
  cancel();
  expect([await first, queue.size]).toEqual([null, 0]);
  expect(await queue.wait(() => null, 10, nobody)).toBeNull();
  expect(queue.size).toBe(0);
});
