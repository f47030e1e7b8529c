import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { writeSchema } from '../../../runtime/backends/google/write-schema.ts';

function written(schema: unknown): unknown {
  return writeSchema(schema, new Set());
}

function droppedOf(schema: unknown): string[] {
  const dropped = new Set<string>();
  writeSchema(schema, dropped);
  return [...dropped].sort();
}

describe('schema: said in what gemini reads', () => {
  test('what it reads stays: additionalProperties, type lists, $defs, anyOf, bounds', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { type: ['string', 'null'], description: 'd', title: 't' },
        b: { type: 'array', items: { $ref: '#/$defs/n' }, minItems: 1, maxItems: 9 },
        c: {
          anyOf: [
            { type: 'string', format: 'date-time', enum: ['x'] },
            { type: 'number', minimum: 1, maximum: 2 },
          ],
        },
        d: { type: 'object', additionalProperties: { type: 'string' } },
        e: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } },
      },
      required: ['a'],
      additionalProperties: false,
      $defs: { n: { type: 'integer' } },
    };
    expect(written(schema)).toEqual(schema);
    expect(droppedOf(schema)).toEqual([]);
  });

  test('const is an enum of one, oneOf is anyOf', () => {
    expect(written({ const: 5 })).toEqual({ enum: [5] });
    expect(written({ oneOf: [{ type: 'string' }, { const: 'a' }] })).toEqual({ anyOf: [{ type: 'string' }, { enum: ['a'] }] });
  });

  test('definitions of older drafts are $defs, and tuples prefixItems', () => {
    expect(written({ $ref: '#/definitions/a', definitions: { a: { type: 'string' } } })).toEqual({
      $ref: '#/$defs/a',
      $defs: { a: { type: 'string' } },
    });
    expect(written({ type: 'array', items: [{ type: 'string' }] })).toEqual({ type: 'array', prefixItems: [{ type: 'string' }] });
  });

  test('nothing stands beside a $ref', () => {
    expect(written({ $ref: '#/$defs/a', description: 'd' })).toEqual({ description: 'd', anyOf: [{ $ref: '#/$defs/a' }] });
    expect(written({ allOf: [{ $ref: '#/$defs/a' }], description: 'd' })).toEqual({ description: 'd', anyOf: [{ $ref: '#/$defs/a' }] });
  });

  test('allOf is one schema', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      allOf: [
        { properties: { b: { type: 'number' }, a: { description: 'd' } }, required: ['b'] },
        { title: 'x', properties: { c: {} } },
      ],
    };
    expect(written(schema)).toEqual({
      type: 'object',
      title: 'x',
      properties: { a: { type: 'string', description: 'd' }, b: { type: 'number' }, c: {} },
      required: ['a', 'b'],
    });
    expect(droppedOf(schema)).toEqual([]);
    expect(droppedOf({ type: 'string', allOf: [{ type: 'number' }] })).toEqual(['allOf']);
  });

  test('arrays have items', () => {
    expect(written({ type: 'array' })).toEqual({ type: 'array', items: {} });
  });

  test('words that only describe go, constraints that go are named', () => {
    const schema = {
      $schema: 'x',
      $comment: 'x',
      examples: [1],
      default: 1,
      deprecated: true,
      'x-own': 1,
      type: 'string',
      pattern: 'a',
      minLength: 2,
      not: {},
    };
    expect(written(schema)).toEqual({ type: 'string' });
    expect(droppedOf(schema)).toEqual(['minLength', 'not', 'pattern']);
  });

  test('a property may have any name, and a schema may be true or false', () => {
    const schema = JSON.parse('{"properties":{"__proto__":{"type":"string"},"pattern":true,"const":false}}');
    expect(JSON.stringify(written(schema))).toBe('{"properties":{"__proto__":{"type":"string"},"pattern":{},"const":{}}}');
    expect(droppedOf(schema)).toEqual(['false']);
  });

  test('what is valid under a schema without lost words stays valid', () => {
    const schema = {
      type: 'object',
      allOf: [{ properties: { kind: { const: 'a' } }, required: ['kind'] }],
      properties: { value: { oneOf: [{ type: 'string' }, { type: 'null' }] }, list: { type: 'array', items: { $ref: '#/definitions/n' } } },
      definitions: { n: { type: 'integer', minimum: 0 } },
    };
    const ajv = new Ajv({ strict: false });
    const before = ajv.compile(schema);
    const after = ajv.compile(written(schema) as object);
    for (const value of [
      { kind: 'a' },
      { kind: 'b' },
      {},
      { kind: 'a', value: 7 },
      { kind: 'a', value: null, list: [1, 2] },
      { kind: 'a', list: [-1] },
      { kind: 'a', list: ['x'] },
    ]) {
      expect([value, after(value)]).toEqual([value, before(value)]);
    }
  });
});
