import { describe, expect, test } from 'vitest';
import { googleDialect } from '../../../runtime/backends/google/dialect.ts';
import { STATUSES } from '../../../runtime/backends/google/read-error.ts';
import { googleTranslator } from '../../../runtime/backends/google/translator.ts';
import { expectShape } from '../../shapes/expect-shape.ts';

// Bodies are written after https://ai.google.dev/gemini-api/docs/troubleshooting and
// https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto

interface Read {
  readonly status: number;
  readonly retryAfter: number | null;
  readonly error: { readonly message: string; readonly type: string; readonly param: null; readonly code: string | null };
}

function read(status: number, body: unknown, headers: Record<string, string> = {}): Read {
  const answer = googleTranslator.readError(status, headers, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  const envelope = JSON.parse(answer.body.toString());
  expectShape('error', envelope);
  expect(answer.usage).toBeNull();
  return { status: answer.status, retryAfter: answer.retryAfter, error: envelope.error };
}

function failing(status: string, message = 'words', details?: object[]): object {
  return { error: { code: 1, message, status, ...(details ? { details } : {}) } };
}

const RETRY = 'type.googleapis.com/google.rpc.RetryInfo';

describe('meaning', () => {
  test.each([
    ['INVALID_ARGUMENT', 400, 'invalid_request_error', null],
    ['FAILED_PRECONDITION', 400, 'invalid_request_error', null],
    ['OUT_OF_RANGE', 400, 'invalid_request_error', null],
    ['UNAUTHENTICATED', 401, 'authentication_error', 'invalid_api_key'],
    ['PERMISSION_DENIED', 403, 'permission_error', null],
    ['NOT_FOUND', 404, 'invalid_request_error', 'model_not_found'],
    ['RESOURCE_EXHAUSTED', 429, 'rate_limit_error', 'rate_limit_exceeded'],
    ['INTERNAL', 500, 'server_error', null],
    ['UNAVAILABLE', 503, 'server_error', null],
    ['DEADLINE_EXCEEDED', 504, 'server_error', null],
  ])('%s → %i', (name, status, type, code) => {
    expect(read(418, failing(name))).toEqual({ status, retryAfter: null, error: { message: `words (${name})`, type, param: null, code } });
  });

  test('every canonical code has a status', () => {
    for (const [name, status] of Object.entries(STATUSES)) expect([name, read(418, failing(name)).status]).toEqual([name, status]);
  });

  test('an error may be wrapped in a list, and may tell no code', () => {
    expect(read(503, [failing('UNAVAILABLE')])).toMatchObject({ status: 503, error: { message: 'words (UNAVAILABLE)' } });
    expect(read(429, { error: { message: 'slow down' } })).toMatchObject({
      status: 429,
      error: { message: 'slow down', type: 'rate_limit_error' },
    });
    expect(read(429, failing('constructor')).status).toBe(429);
  });

  test('a body that is no error of google says so and is not passed on', () => {
    for (const body of ['<html>secret</html>', '', '[]', '7', '{"error":"x"}']) {
      expect(read(502, body)).toMatchObject({
        status: 502,
        error: { message: 'google answered with status 502 and no words of its own', type: 'server_error' },
      });
    }
  });

  test('a key that is not valid is a 401', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }];
    expect(read(400, failing('INVALID_ARGUMENT', 'no', details)).status).toBe(401);
    expect(read(400, failing('INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.')).status).toBe(401);
    expect(read(400, failing('INVALID_ARGUMENT', 'no', [{ reason: 'OTHER' }])).status).toBe(400);
  });

  test('too long a prompt is context_length_exceeded', () => {
    const message = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';
    expect(read(400, failing('INVALID_ARGUMENT', message)).error.code).toBe('context_length_exceeded');
  });

  test('words are bounded and hold no key', () => {
    expect(read(500, failing('INTERNAL', 'x'.repeat(9000))).error.message.length).toBeLessThan(2100);
    expect(read(403, failing('PERMISSION_DENIED', `key AIza${'y'.repeat(35)}`)).error.message).toBe('key [redacted] (PERMISSION_DENIED)');
  });
});

describe('retry after', () => {
  const delayed = (retryDelay: unknown): object =>
    failing('RESOURCE_EXHAUSTED', 'quota', [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure' }, { '@type': RETRY, retryDelay }]);

  test.each([
    ['34.4s', 35],
    ['35s', 35],
    ['0s', 0],
    ['34.074824224s', 35],
    [{ seconds: '12', nanos: 500_000_000 }, 13],
    [{ seconds: 3 }, 3],
    ['999999s', 86_400],
    ['soon', null],
    [7, null],
    [{ seconds: 'x' }, null],
  ])('RetryInfo.retryDelay %j → %j', (delay, seconds) => {
    expect(read(429, delayed(delay)).retryAfter).toBe(seconds);
  });

  test('header: seconds or a date, by the clock of the answer; the longer of header and body', () => {
    expect(read(503, '', { 'retry-after': '7' }).retryAfter).toBe(7);
    expect(read(503, '', { 'retry-after': '6.2' }).retryAfter).toBe(7);
    expect(read(503, '', { 'retry-after': 'Fri, 20 Nov 2026 11:00:30 GMT', date: 'Fri, 20 Nov 2026 11:00:00 GMT' }).retryAfter).toBe(30);
    expect(read(503, '', { 'retry-after': 'Fri, 20 Nov 2015 11:00:30 GMT' }).retryAfter).toBe(0);
    expect(read(503, '', { 'retry-after': 'later' }).retryAfter).toBeNull();
    expect(read(429, delayed('34.4s'), { 'retry-after': '60' }).retryAfter).toBe(60);
    expect(read(429, delayed('34.4s'), { 'retry-after': '6' }).retryAfter).toBe(35);
  });

  test('words, where nothing else tells', () => {
    expect(read(429, failing('RESOURCE_EXHAUSTED', 'You exceeded your current quota. Please retry in 12.3s.')).retryAfter).toBe(13);
  });
});

describe('connection', () => {
  test('the key is a header, and no part of an address', () => {
    expect(googleDialect.authorize('secret')).toEqual(['x-goog-api-key', 'secret']);
    expect(googleDialect.healthPath).not.toContain('key');
  });

  test('a refused key is told as such, though it is a 400', () => {
    expect(googleDialect.refusesKey(400, '{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}')).toBe(true);
    expect(googleDialect.refusesKey(400, '{}')).toBe(false);
    expect(googleDialect.judge(200, '{}')).toEqual({ state: 'up' });
    expect(googleDialect.judge(403, '')).toMatchObject({ state: 'down' });
    expect(googleDialect.judge(400, '{}')).toEqual({ state: 'up' });
  });
});
