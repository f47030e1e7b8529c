import { describe, expect, test } from 'vitest';
import { ERROR_KINDS } from '../../../runtime/backends/anthropic/read-error.ts';
import { anthropicTranslator } from '../../../runtime/backends/anthropic/translator.ts';
import { expectShape } from '../../shapes/expect-shape.ts';

type Headers = Record<string, string | string[] | undefined>;

function read(status: number, error: unknown, headers: Headers = {}) {
  const body = typeof error === 'string' ? error : JSON.stringify({ type: 'error', error, request_id: 'req_body' });
  const answer = anthropicTranslator.readError(status, headers, Buffer.from(body));
  const parsed = JSON.parse(answer.body.toString());
  expectShape('error', parsed);
  return { ...answer, error: parsed.error as { message: string; type: string; param: string | null; code: string | null } };
}

const USED_UP: Headers = { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '2099-01-01T00:00:00Z' };

describe('errors', () => {
  // https://platform.claude.com/docs/en/api/errors
  test.each([
    [400, 'invalid_request_error', 400, 'invalid_request_error', null],
    [401, 'authentication_error', 401, 'authentication_error', 'invalid_api_key'],
    [402, 'billing_error', 402, 'insufficient_quota', 'insufficient_quota'],
    [403, 'permission_error', 403, 'permission_error', null],
    [404, 'not_found_error', 404, 'invalid_request_error', 'not_found'],
    [409, 'conflict_error', 409, 'invalid_request_error', 'conflict'],
    [413, 'request_too_large', 413, 'invalid_request_error', 'request_too_large'],
    [429, 'rate_limit_error', 429, 'rate_limit_error', 'rate_limit_exceeded'],
    [500, 'api_error', 500, 'server_error', null],
    [504, 'timeout_error', 504, 'server_error', 'timeout'],
    [529, 'overloaded_error', 503, 'server_error', 'overloaded'],
    [418, 'a_new_error', 418, 'invalid_request_error', null],
    [599, 'a_new_error', 599, 'server_error', null],
  ])('%i %s', (given, kind, status, type, code) => {
    const found = read(given, { type: kind, message: 'words' });
    expect(found.status).toBe(status);
    expect(found.error).toMatchObject({ type, code, message: 'words (request req_body)' });
  });

  test('no kind is missing here', () => {
    expect(ERROR_KINDS).toHaveLength(11);
  });

  test('a body that is no error keeps the status', () => {
    expect(read(502, '<html>Bad gateway: key sk-ant-1</html>')).toMatchObject({
      status: 502,
      error: { type: 'server_error', message: 'the provider answers 502 without a message' },
    });
    expect(read(529, '')).toMatchObject({ status: 503, error: { code: 'overloaded' } });
    expect(read(413, '[]')).toMatchObject({ status: 413, error: { code: 'request_too_large' } });
  });

  test('the request id of the header comes first', () => {
    expect(read(500, { type: 'api_error', message: 'x' }, { 'request-id': 'req_head' }).error.message).toBe('x (request req_head)');
  });

  test('the parameter at fault has the caller’s name', () => {
    expect(read(400, { type: 'invalid_request_error', message: 'stop_sequences: each needs text' }).error.param).toBe('stop');
    expect(read(400, { type: 'invalid_request_error', message: 'messages.1.content.0.type: Expected x' }).error.param).toBe('messages');
    expect(read(400, { type: 'invalid_request_error', message: 'constructor: x' }).error.param).toBe(null);
  });

  test.each([
    ['prompt is too long: 210000 tokens > 200000 maximum', 'context_length_exceeded'],
    ['input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000', 'context_length_exceeded'],
  ])('%s', (message, code) => {
    expect(read(400, { type: 'invalid_request_error', message })).toMatchObject({ status: 400, error: { code } });
  });

  test('a model that is not there', () => {
    expect(read(404, { type: 'not_found_error', message: 'model: claude-9' }).error).toMatchObject({
      code: 'model_not_found',
      param: 'model',
    });
  });

  test('money that is gone is no rate that waiting cures', () => {
    const low = read(400, { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' });
    expect(low).toMatchObject({ status: 429, retryAfter: null, error: { code: 'insufficient_quota' } });
    const spent = read(429, { type: 'rate_limit_error', message: 'x', details: { error_code: 'enforced_spend_limit_reached' } }, USED_UP);
    expect(spent).toMatchObject({ status: 429, retryAfter: null, error: { code: 'insufficient_quota' } });
  });
});

describe('when to come again', () => {
  const DATE = 'Fri, 20 Nov 2026 10:00:00 GMT';
  test.each<[string, Headers, number | null]>([
    ['seconds', { 'retry-after': '12' }, 12],
    ['parts of seconds', { 'retry-after': '1.2' }, 2],
    ['milliseconds', { 'retry-after-ms': '1200', 'retry-after': '9' }, 2],
    ['a date', { 'retry-after': 'Fri, 20 Nov 2026 10:00:34 GMT', date: DATE }, 34],
    ['a date that is over', { 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT', date: DATE }, 0],
    ['a list', { 'retry-after': ['7', '8'] }, 7],
    ['nonsense', { 'retry-after': 'soon' }, null],
    ['less than nothing', { 'retry-after': '-5' }, null],
    ['years', { 'retry-after': '99999999' }, 86_400],
    [
      'the reset of what is used up',
      {
        date: DATE,
        'anthropic-ratelimit-requests-remaining': '3',
        'anthropic-ratelimit-requests-reset': '2026-11-20T10:10:00Z',
        'anthropic-ratelimit-output-tokens-remaining': '0',
        'anthropic-ratelimit-output-tokens-reset': '2026-11-20T10:00:20.5Z',
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-11-20T10:00:02Z',
      },
      21,
    ],
    ['a reset that is far', USED_UP, 86_400],
    ['nothing', {}, null],
  ])('%s', (_, headers, seconds) => {
    expect(read(429, { type: 'rate_limit_error', message: 'x' }, headers).retryAfter).toBe(seconds);
  });

  test('by our own clock where the provider tells no time', () => {
    const { retryAfter } = read(
      429,
      { type: 'rate_limit_error', message: 'x' },
      { 'retry-after': new Date(Date.now() + 30_000).toUTCString() },
    );
    expect(retryAfter).toBeGreaterThanOrEqual(28);
    expect(retryAfter).toBeLessThanOrEqual(31);
  });
});
