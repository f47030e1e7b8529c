import { expect, test } from 'vitest';
import { TargetTable } from '../../../runtime/backends/target-table.ts';

test('it never holds more than it may, and keeps those that serve somebody', () => {
  const table = new TargetTable(3);
  table.of('busy').inFlight = 1;
  for (let at = 0; at < 1_000; at++) table.of(`model-${at}`);
  expect(table.size).toBe(3);
  expect(table.find('busy')?.inFlight).toBe(1);
  expect([table.find('model-0'), table.find('model-999')]).toEqual([undefined, table.of('model-999')]);
});
