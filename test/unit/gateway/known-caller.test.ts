import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { knownCaller } from '../../../runtime/auth/known-caller.ts';
import type { LiveRouter } from '../../../runtime/router/live-router.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

/** A router with these keys, all of them allowed to ask models. */
function withKeys(...keys: string[]): LiveRouter {
  const callers = keys.map((key) => ({ name: key, sha256: hash(key), scopes: ['llm:invoke'] }));
  return {
    hash: hash(keys.join()),
    manifest: { callers },
    callers: new Map(callers.map(({ sha256 }, row) => [sha256, row])),
  } as unknown as LiveRouter;
}

const ask = (router: LiveRouter, socket: Socket, key: string, scope: 'llm:invoke' | 'admin' = 'llm:invoke') =>
  knownCaller(router, socket, `Bearer ${key}`, scope);

test('a connection is known by what it sent to this router, and by nothing else', () => {
  const [first, second] = [new Socket(), new Socket()];
  const router = withKeys('one', 'two');
  expect([ask(router, first, 'two'), ask(router, first, 'two'), ask(router, first, 'one')]).toEqual([1, 1, 0]);
  // Another connection proves itself, another scope is another question.
  expect(() => ask(router, second, 'three')).toThrow('not known');
  expect(() => ask(router, first, 'one', 'admin')).toThrow('lacks the scope');
  expect(ask(router, first, 'one')).toBe(0);
});

test('a key that the next policy does not know is refused on a connection that used it', () => {
  const socket = new Socket();
  expect(ask(withKeys('one', 'two'), socket, 'two')).toBe(1);
  expect(ask(withKeys('two'), socket, 'two')).toBe(0);
  expect(() => ask(withKeys('one'), socket, 'two')).toThrow('not known');
  // A refusal proves nothing.
  expect(() => ask(withKeys('one'), socket, 'two')).toThrow('not known');
});
