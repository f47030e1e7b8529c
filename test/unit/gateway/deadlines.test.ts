import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Deadline, Deadlines } from '../../../runtime/gateway/deadlines.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Ends `ms` from now; counts how often it was called. */
class Due implements Deadline {
  due: number;
  slot = -1;
  called = 0;
  readonly #then: (self: Due) => void;

  constructor(ms: number, then: (self: Due) => void = () => {}) {
    this.due = performance.now() + ms;
    this.#then = then;
  }

  expire(): void {
    this.called++;
    this.#then(this);
  }
}

test('each is told within a tick, and one that was put off or deleted is not', () => {
  const deadlines = new Deadlines();
  const end = (self: Due): void => deadlines.delete(self);
  const [early, late, moved, gone] = [new Due(30, end), new Due(100, end), new Due(30, end), new Due(30, end)];
  for (const one of [early, late, moved, gone]) deadlines.add(one);
  moved.due += 100;
  deadlines.delete(gone);
  deadlines.delete(gone);
  vi.advanceTimersByTime(29);
  expect([early, late, moved, gone].map(({ called }) => called)).toEqual([0, 0, 0, 0]);
  vi.advanceTimersByTime(21);
  expect([early, late, moved, gone].map(({ called }) => called)).toEqual([1, 0, 0, 0]);
  vi.advanceTimersByTime(100);
  expect([early, late, moved, gone].map(({ called }) => called)).toEqual([1, 1, 1, 0]);
});

test('who expires may delete any and add others: nobody is missed, nobody is told twice', () => {
  const deadlines = new Deadlines();
  const others: Due[] = [];
  const added: Due[] = [];
  const first = new Due(10, (self) => {
    deadlines.delete(self);
    deadlines.delete(others[0]);
    const next = new Due(0, (it) => deadlines.delete(it));
    added.push(next);
    deadlines.add(next);
  });
  for (let count = 0; count < 5; count++) others.push(new Due(10, (self) => deadlines.delete(self)));
  for (const one of [...others.slice(0, 3), first, ...others.slice(3)]) deadlines.add(one);
  vi.advanceTimersByTime(60);
  expect(first.called).toBe(1);
  expect(others.map(({ called }) => called).slice(1)).toEqual([1, 1, 1, 1]);
  expect(others[0].called).toBeLessThanOrEqual(1);
  expect(added.map(({ called }) => called)).toEqual([1]);
});

test('with nothing to watch no timer runs, and the next one starts it', () => {
  const deadlines = new Deadlines();
  const one = new Due(1_000);
  deadlines.add(one);
  expect(vi.getTimerCount()).toBe(1);
  deadlines.delete(one);
  vi.advanceTimersByTime(40);
  expect(vi.getTimerCount()).toBe(0);
  const two = new Due(10, (self) => deadlines.delete(self));
  deadlines.add(two);
  vi.advanceTimersByTime(40);
  expect(two.called).toBe(1);
});

test('whoever took the place of another one is found there', () => {
  const deadlines = new Deadlines();
  const [first, second, third] = [new Due(10), new Due(10), new Due(10)];
  for (const one of [first, second, third]) deadlines.add(one);
  deadlines.delete(first);
  deadlines.delete(third);
  vi.advanceTimersByTime(20);
  expect([first, second, third].map(({ called }) => called)).toEqual([0, 1, 0]);
});
