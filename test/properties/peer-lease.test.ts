import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fenceOf } from '../../runtime/orchestrator/peers/fence.ts';
import { renewLease } from '../../runtime/orchestrator/peers/renew-lease.ts';

/** Ms from a lease's end until its run has surely ended at the host; what the fence leaves for it. */
const ENDING = 5_000;

interface Message {
  /** True time at which the host hears it. */
  readonly at: number;
  readonly said: number;
}

/**
 * A host and an owner with clocks of their own, and a network that delays, loses, doubles and reorders. Times are true ms.
 *
 * @returns when the run has ended at the host, and when the owner takes it for ended.
 */
function play(
  lease: number,
  rates: readonly [number, number],
  starts: readonly [number, number],
  trips: readonly Trip[],
): { ended: number; fenced: number } {
  const hostTime = (at: number): number => Math.floor(starts[0] + at * rates[0]);
  const ownerTime = (at: number): number => Math.floor(starts[1] + at * rates[1]);
  let now = 0;
  let expires = hostTime(0) + lease;
  let token = hostTime(0);
  // The grant, as the owner heard it.
  let heard = ownerTime(0);
  const travelling: Message[] = [];
  const deliver = (until: number): void => {
    for (const message of travelling.splice(0).sort((one, other) => one.at - other.at)) {
      if (message.at > until) travelling.push(message);
      else expires = renewLease(expires, message.said, hostTime(message.at), lease) ?? expires;
    }
  };
  for (const { there, back, twice, lost } of trips) {
    const sent = now;
    travelling.push({ at: sent + there, said: token });
    if (twice !== null) travelling.push({ at: sent + twice, said: token });
    now = sent + there + back;
    deliver(sent + there);
    if (!lost) {
      // The answer says when the host said it; the owner hears it later.
      token = hostTime(sent + there);
      heard = ownerTime(now);
    }
  }
  deliver(Number.POSITIVE_INFINITY);
  const ended = (expires - starts[0]) / rates[0] + ENDING;
  const fenced = (heard + fenceOf(lease) - starts[1]) / rates[1];
  return { ended, fenced };
}

interface Trip {
  readonly there: number;
  readonly back: number;
  readonly twice: number | null;
  readonly lost: boolean;
}

const delay = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 10_000_000 }));
const trip: fc.Arbitrary<Trip> = fc.record({ there: delay, back: delay, twice: fc.option(delay), lost: fc.boolean() });
const rate = fc.double({ min: 0.995, max: 1.005, noNaN: true });
const begin = fc.integer({ min: 0, max: 10 ** 9 });

test('whatever the network does, a run has ended before its owner takes it for ended', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2_000, max: 600_000 }),
      fc.tuple(rate, rate),
      fc.tuple(begin, begin),
      fc.array(trip, { maxLength: 20 }),
      (lease, rates, starts, trips) => {
        const { ended, fenced } = play(lease, rates, starts, trips);
        expect(ended).toBeLessThanOrEqual(fenced);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('a lease that has ended is never renewed, and none gets shorter', () => {
  const time = fc.integer({ min: 0, max: 10 ** 7 });
  fc.assert(
    fc.property(time, time, time, fc.integer({ min: 2_000, max: 600_000 }), (expires, said, now, lease) => {
      const next = renewLease(expires, said, now, lease);
      if (now >= expires) expect(next).toBeNull();
      else {
        expect(next).toBeGreaterThanOrEqual(expires);
        expect(next).toBeLessThanOrEqual(Math.max(expires, now + lease));
      }
    }),
    { numRuns: 2_000 },
  );
});
