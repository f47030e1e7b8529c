import { expect, test } from 'vitest';
import { Places } from '../../../../runtime/orchestrator/workloads/places.ts';
import { ScriptedPlace } from './scripted-place.ts';

test('places that fail or never answer are told, within the time, beside what the others have', async () => {
  const good = new ScriptedPlace({ name: 'kubernetes/good' });
  const failing = new ScriptedPlace({ name: 'kubernetes/failing' });
  failing.list = () => Promise.reject(new Error('it is away'));
  const deaf = new ScriptedPlace({ name: 'kubernetes/deaf' });
  deaf.list = () => new Promise(() => {});
  const began = performance.now();
  const { pods, errors } = await new Places([deaf, good, failing]).list(200);
  expect(performance.now() - began).toBeGreaterThanOrEqual(190);
  expect(pods).toEqual([]);
  expect(errors.toSorted((one, other) => (one.nodes[0] < other.nodes[0] ? -1 : 1))).toEqual([
    { nodes: ['kubernetes/deaf'], message: 'it did not answer in time' },
    { nodes: ['kubernetes/failing'], message: 'it is away' },
  ]);
});

test('a place that gives up when it is told to is let go of in time', async () => {
  const heeding = new ScriptedPlace();
  let told: unknown;
  heeding.list = ((signal: AbortSignal) =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        told = signal.reason;
        reject(signal.reason as Error);
      }),
    )) as unknown as typeof heeding.list;
  const { errors } = await new Places([heeding]).list(50);
  expect(errors).toMatchObject([{ message: 'it did not answer in time' }]);
  expect(String(told)).toContain('it did not answer in time');
});
