import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageFile from '../../../package.json' with { type: 'json' };
import policySchema from '../../../schema/policy.schema.json' with { type: 'json' };
import testsSchema from '../../../schema/tests.schema.json' with { type: 'json' };

type Schema = { readonly [key: string]: unknown } & {
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: unknown;
};

/** Every schema of a named key, with the path to it. */
function keysOf(schema: Schema, path = ''): [string, Schema][] {
  const inner = [schema.additionalProperties, schema.items].filter((part): part is Schema => typeof part === 'object' && part !== null);
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, key]): [string, Schema][] => [
      [`${path}.${name}`, key],
      ...keysOf(key, `${path}.${name}`),
    ]),
    ...inner.flatMap((part) => keysOf(part, `${path}.*`)),
  ];
}

const schemas = [
  ['policy', policySchema as unknown as Schema],
  ['tests', testsSchema as unknown as Schema],
] as const;

describe.each(schemas)('the %s schema', (_, schema) => {
  it('is draft-07 and describes every key, with an example', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(20);
    const bare = keys.filter(([, key]) => !key.description || !Array.isArray(key.examples) || key.examples.length === 0);
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  it('lets no unknown key through', () => {
    const open = [['', schema] as [string, Schema], ...keysOf(schema)].filter(
      ([path, key]) => key.properties !== undefined && key.additionalProperties !== false && path !== '.tests.*.request',
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it('its examples are valid', () => {
    for (const [path, key] of keysOf(schema)) {
      const check = new Ajv({ strict: false }).compile(key);
      for (const example of key.examples as unknown[]) expect([path, example, check(example)]).toEqual([path, example, true]);
    }
  });
});

it('the types are those of the schema', () => {
  const committed = readFileSync(new URL('../../../schema/policy.ts', import.meta.url), 'utf8');
  // The script itself, with standard output in the place of the file.
  const script = packageFile.scripts.schema.replace('-o schema/policy.ts ', '');
  expect(script).not.toBe(packageFile.scripts.schema);
  const fresh = execFileSync('sh', ['-c', script], {
    cwd: new URL('../../../', import.meta.url),
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
    encoding: 'utf8',
  });
  expect(fresh).toBe(committed);
});

it('the tests of the shipped policy have the shape of tests', () => {
  const check = new Ajv({ strict: false }).compile(testsSchema);
  for (const file of ['policies/routing.test.yaml', 'compiler/cli/starter/routing.test.yaml']) {
    const tests = parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')) as unknown;
    expect([file, check(tests), check.errors]).toEqual([file, true, null]);
  }
});
