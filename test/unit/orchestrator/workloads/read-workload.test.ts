import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AskedWorkload, readWorkload } from '../../../../runtime/orchestrator/workloads/read-workload.ts';

const MIB = 2 ** 20;
const read = (asked: Partial<AskedWorkload>) => readWorkload({ name: 'a', command: ['x'], ...asked });

test.each<[string | number, number]>([
  [0.5, 500],
  ['500m', 500],
  ['0.5', 500],
  [2, 2_000],
  ['2', 2_000],
  [0.001, 1],
  [0.0015, 2],
  [0.1 + 0.2, 300],
  [1_024, 1_024_000],
])('a cpu of %j is %d thousandths', (cpu, millis) => {
  expect(read({ resources: { cpu } })).toMatchObject({ mistakes: [], workload: { needs: { cpuMillis: millis } } });
});

test.each<[string | number, number]>([
  ['512MiB', 512 * MIB],
  ['1.5GiB', 1_536 * MIB],
  ['2Gi', 2_048 * MIB],
  ['2 GB', 2e9],
  [4_194_304, 4 * MIB],
  ['64TiB', 2 ** 46],
])('a memory of %j is %d bytes', (memory, bytes) => {
  expect(read({ resources: { memory } })).toMatchObject({ mistakes: [], workload: { needs: { memoryBytes: bytes } } });
});

test.each(['', '0', '1025', '-1', '1e3', '0x10', '1.0001', '500M', ' 1', 'NaN', 'constructor'])('%j is no cpu', (cpu) => {
  expect(read({ resources: { cpu } }).mistakes.map(({ path }) => path)).toEqual(['resources.cpu']);
});
test.each(['', '1', '1KiB', '65TiB', '1 parsec', '1e9', '1MiBB', 'MiB', '1toString', '1constructor'])('%j is no memory', (memory) => {
  expect(read({ resources: { memory } }).mistakes.map(({ path }) => path)).toEqual(['resources.memory']);
});
test.each(['', '5', '0s', '999ms', '31d', '5 m', '-5m', '5mm', '1e3s'])('%j is no time', (timeout) => {
  expect(read({ timeout }).mistakes.map(({ path }) => path)).toEqual(['timeout']);
});

test('a bad value never throws, never costs much, and is told without any variable or argument', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 64 }), fc.string({ minLength: 12, maxLength: 64 }), (text, secret) => {
      const { mistakes } = read({
        command: ['x', `${secret}\0`],
        env: { A: `\0${secret}` },
        timeout: text,
        resources: { cpu: text, memory: text },
      });
      expect(mistakes.map(({ path }) => path)).toEqual(expect.arrayContaining(['command', 'env.A']));
      expect(JSON.stringify(mistakes)).not.toContain(JSON.stringify(secret).slice(1, -1));
    }),
  );
});
