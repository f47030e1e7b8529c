import { expect, test } from 'vitest';
import { Circuit } from '../../../runtime/backends/circuit.ts';

const T = 1_000_000;

function fail(circuit: Circuit, times: number, at = T): void {
  for (let count = 0; count < times; count++) circuit.record(at, at, false);
}

test('five failures in a row open it, and a success between them does not let it come to that', () => {
  const circuit = new Circuit();
  fail(circuit, 4);
  circuit.record(T, T, true);
  fail(circuit, 4);
  expect(circuit.stateAt(T)).toBe('closed');
  fail(circuit, 1);
  expect([circuit.stateAt(T), circuit.waitAt(T), circuit.waitAt(T + 400)]).toEqual(['open', 1_000, 600]);
});

test('half of at least twenty within 30 s open it too', () => {
  const run = (rounds: number, spacing: number): string => {
    const circuit = new Circuit();
    let now = T;
    for (let round = 0; round < rounds; round++) {
      circuit.record(now, now, true);
      circuit.record(now, now, false);
      now += spacing;
    }
    return circuit.stateAt(now - spacing);
  };
  expect([run(9, 0), run(10, 0), run(10, 4_000)]).toEqual(['closed', 'open', 'closed']);
});

test('one request tries, and its first byte lets the others in, on probation', () => {
  const circuit = new Circuit();
  fail(circuit, 5);
  expect([circuit.begin(T + 999), circuit.begin(T + 1_000), circuit.begin(T + 1_001)]).toEqual([false, true, false]);
  expect(circuit.stateAt(T + 1_001)).toBe('trying');
  expect(circuit.answer(T + 1_000)).toBe(true);
  expect(circuit.stateAt(T + 1_050)).toBe('closed');
  expect(circuit.record(T + 1_100, T + 1_000, false)).toBe(true);
  expect([circuit.stateAt(T + 1_100), circuit.waitAt(T + 1_100)]).toEqual(['open', 2_000]);
});

test('the cooldown doubles while it does not get better, up to a minute, and halves with each whole answer', () => {
  const circuit = new Circuit();
  fail(circuit, 5);
  let now = T;
  const waits: number[] = [];
  for (let count = 0; count < 8; count++) {
    waits.push(circuit.waitAt(now));
    now += circuit.waitAt(now);
    circuit.begin(now);
    circuit.record(now, now, false);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  now += circuit.waitAt(now);
  circuit.begin(now);
  for (let count = 0; count < 3; count++) circuit.record(now, now, true);
  fail(circuit, 5, now + 1);
  expect(circuit.waitAt(now + 1)).toBe(8_000);
});

test('requests from before the opening neither close it nor open it again', () => {
  const circuit = new Circuit();
  fail(circuit, 5);
  expect([circuit.record(T + 10, T - 50, true), circuit.record(T + 10, T - 50, false)]).toEqual([false, false]);
  circuit.begin(T + 1_000);
  expect([circuit.answer(T - 50), circuit.record(T + 1_010, T - 50, false)]).toEqual([false, false]);
  expect(circuit.stateAt(T + 1_010)).toBe('trying');
  circuit.record(T + 1_020, T + 1_000, true);
  for (let count = 0; count < 50; count++) circuit.record(T + 1_030, T - 50, false);
  expect(circuit.stateAt(T + 1_030)).toBe('closed');
});

test('who tried and left makes room for the next', () => {
  const circuit = new Circuit();
  fail(circuit, 5);
  circuit.begin(T + 1_000);
  expect([circuit.giveUp(T - 50), circuit.giveUp(T + 1_001)]).toEqual([false, true]);
  expect(circuit.begin(T + 1_002)).toBe(true);
});

test('a rest that was asked for is given, at most ten minutes, and a shorter one does not end it', () => {
  const circuit = new Circuit();
  circuit.rest(T, 30_000);
  circuit.rest(T, 1_000);
  expect([circuit.stateAt(T + 29_999), circuit.stateAt(T + 30_000)]).toEqual(['resting', 'closed']);
  circuit.rest(T, 86_400_000);
  expect(circuit.waitAt(T)).toBe(600_000);
});

test('a backend that is found well may be tried at once; its rest stands', () => {
  const circuit = new Circuit();
  fail(circuit, 5);
  expect([circuit.hasten(T + 10), circuit.stateAt(T + 10), circuit.hasten(T + 10)]).toEqual([true, 'half-open', false]);
  circuit.rest(T, 5_000);
  circuit.hasten(T + 20);
  expect(circuit.stateAt(T + 20)).toBe('resting');
});
