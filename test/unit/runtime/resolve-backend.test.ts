import { expect, test } from 'vitest';
import { resolveBackend } from '../../../runtime/backends/resolve-backend.ts';
import type { BackendConfig } from '../../../schema/manifest.ts';

const config = (url: string, api_key_env: string | null = null): BackendConfig => ({
  name: 'b',
  type: 'generic',
  url,
  api_key_env,
  zone: 'open',
  cloud: true,
  max_in_flight: null,
  timeouts: { connect: 1, firstToken: 1, idle: 1, total: 1 },
  labels: {},
});

function resolve(url: string, env: Record<string, string> = {}, key: string | null = null) {
  const problems: string[] = [];
  return { ...resolveBackend(config(url, key), env, problems), problems };
}

test('variables, defaults, an empty variable', () => {
  expect(resolve('http://${H}:${P:-80}/x', { H: 'host' })).toMatchObject({ origin: 'http://host', prefix: '/x', problems: [] });
  expect(resolve('${U:-http://a:1}', { U: '' }).origin).toBe('http://a:1');
  expect(resolve('${U}').problems).toEqual(['backend `b`: variable `U` is not set and has no default']);
  expect(resolve('http://${1}').problems).toHaveLength(1);
});

test('a trailing /v1 and slashes are taken off, other paths stay', () => {
  for (const [path, prefix] of [
    ['', ''],
    ['/', ''],
    ['/v1', ''],
    ['/v1/', ''],
    ['/api/v1', '/api'],
    ['/openai/', '/openai'],
    ['/v10', '/v10'],
  ]) {
    expect(resolve(`https://h:8443${path}`)).toMatchObject({ origin: 'https://h:8443', prefix });
  }
});

test('credentials, queries, other protocols and no address at all are refused', () => {
  for (const url of ['http://user:pass@h', 'http://h/?key=1', 'http://h/#x', 'ftp://h', 'nonsense'])
    expect(resolve(url).problems, url).toHaveLength(1);
  expect(resolve('http://user:s3cret@h').problems[0]).not.toContain('s3cret');
});

test('keys: set, not set, empty, unfit for a header', () => {
  expect(resolve('http://h', { K: 'sk-1' }, 'K')).toMatchObject({ key: 'sk-1', missingKey: null, problems: [] });
  expect(resolve('http://h', {}, 'K')).toMatchObject({ key: null, missingKey: 'K', problems: [] });
  expect(resolve('http://h', { K: '' }, 'K').problems).toEqual(['backend `b`: variable `K` is set but empty']);
  const broken = resolve('http://h', { K: 'sk-1\r\nx: y' }, 'K').problems;
  expect(broken).toHaveLength(1);
  expect(broken[0]).not.toContain('sk-1');
});
