import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOM = join(import.meta.dirname, '../../../compiler/interpret');

test('the interpreter is a stranger to the rest of the compiler', () => {
  const imports = readdirSync(ROOM).flatMap((file) =>
    [...readFileSync(join(ROOM, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((found) => ({
      file,
      specifier: found[1],
    })),
  );
  expect(imports).toContainEqual({ file: 'reconcile-tier.ts', specifier: './trial.ts' });
  expect(imports).toContainEqual({ file: 'find-policy.ts', specifier: 'picomatch' });
  const strangers = imports.filter(({ specifier }) => !/^(\.\/[\w-]+\.ts|\.\.\/\.\.\/schema\/[\w-]+\.ts|picomatch)$/.test(specifier));
  expect(strangers).toEqual([]);
});
