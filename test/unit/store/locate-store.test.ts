import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../../runtime/store/open-store.ts';
import { readInteger } from '../../../runtime/store/read-integer.ts';
import { locateStore } from '../../../runtime/store/store-location.ts';

test('DATABASE_URL selects PostgreSQL, an empty one does not', () => {
  expect(locateStore('data', { DATABASE_URL: 'postgres://h/d' })).toEqual({ kind: 'postgres', url: 'postgres://h/d' });
  for (const environment of [{}, { DATABASE_URL: '' }]) {
    expect(locateStore('data', environment)).toEqual({ kind: 'sqlite', file: join('data', 'policyd.sqlite') });
  }
});

test('a server that does not answer is named without its password', async () => {
  const opening = openStore({ kind: 'postgres', url: 'postgres://user:hunter2@127.0.0.1:1/books' });
  await expect(opening).rejects.toThrow(
    /^postgres:\/\/127\.0\.0\.1:1\/books cannot be used: .*ECONNREFUSED.* \[store\] help: look at DATABASE_URL/,
  );
  await expect(opening).rejects.not.toThrow(/hunter2/);
});

test('a folder that cannot be made is named; the file is readable by its owner alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'policyd-locate-'));
  writeFileSync(join(folder, 'file'), '');
  await expect(openStore({ kind: 'sqlite', file: join(folder, 'file', 'x.sqlite') })).rejects.toThrow(
    /cannot be opened: .*\[store\] help: .*--data/,
  );
  const store = await openStore({ kind: 'sqlite', file: join(folder, 'data', 'x.sqlite') });
  expect(statSync(join(folder, 'data', 'x.sqlite')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  await store.close();
  writeFileSync(join(folder, 'garbage.sqlite'), 'this is no database, and longer than a header of one hundred bytes '.repeat(5));
  await expect(openStore({ kind: 'sqlite', file: join(folder, 'garbage.sqlite') })).rejects.toThrow(
    /garbage\.sqlite cannot be used: file is not a database \[store\]/,
  );
  rmSync(folder, { recursive: true });
});

test('numbers that are not exact are refused', () => {
  expect(readInteger('-42')).toBe(-42);
  expect(() => readInteger('9007199254740993')).toThrow('9007199254740993 is no whole number below 2^53');
});
