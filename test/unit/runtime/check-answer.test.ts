import { expect, test } from 'vitest';
import { openCheck } from '../../e2e/check-answer.ts';

const JSON_TYPE = 'application/json';
const of = (schema: object) => ({ content: { [JSON_TYPE]: { schema } } });
const text = { type: 'object', required: ['id'], properties: { id: { type: ['string', 'null'] } } };
const check = openCheck({
  openapi: '3.1.0',
  paths: {
    '/things/{id}': { get: { responses: { 200: of(text), '4XX': of({ required: ['error'] }) } } },
    '/things/new': { get: { responses: { 200: { content: { 'text/plain': {} } }, default: of({ required: ['detail'] }) } } },
  },
});
const answered = { method: 'GET', path: '/things/a', status: 200, type: JSON_TYPE, body: { id: 'a' } as unknown };

test('what is as described passes, and nothing else does', () => {
  for (const good of [
    answered,
    { ...answered, body: { id: null, more: 1 } },
    { ...answered, status: 404, body: { error: 'no' } },
    { ...answered, path: '/things/new', type: 'text/plain', body: undefined },
    { ...answered, path: '/things/new', status: 503, body: { detail: 'no' } },
    { ...answered, path: '/nowhere', status: 404, body: { error: {} } },
    { ...answered, method: 'OPTIONS', status: 204 },
  ])
    expect(check(good), JSON.stringify(good)).toBeNull();
  for (const [bad, words] of [
    [{ ...answered, body: {} }, "required property 'id'"],
    [{ ...answered, body: { id: 1 } }, 'must be string,null'],
    [{ ...answered, status: 500 }, 'the status is not described'],
    [{ ...answered, status: 404, body: {} }, "required property 'error'"],
    [{ ...answered, type: 'text/plain' }, 'is not described'],
    [{ ...answered, method: 'POST' }, 'no such operation'],
    [{ ...answered, path: '/nowhere' }, 'no such operation'],
    [{ ...answered, path: '/nowhere', status: 404, body: {} }, 'no error of any API'],
    [{ ...answered, path: '/things/new', status: 503, body: {} }, "required property 'detail'"],
  ] as const)
    expect(check(bad), JSON.stringify(bad)).toContain(words);
});
