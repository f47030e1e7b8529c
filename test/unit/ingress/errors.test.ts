import { describe, expect, test } from 'vitest';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { INGRESSES } from '../../../runtime/ingress/ingresses.ts';
import { expectShape } from '../../shapes/expect-shape.ts';

const ERROR = { status: 503, message: 'all full', type: 'server_error', param: null, code: 'overloaded', requestId: 'req-1' };
const EXTRA = { context: { required_tier: 3 } };

describe('errors', () => {
  test.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [402, 'billing_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [409, 'conflict_error'],
    [413, 'request_too_large'],
    [415, 'invalid_request_error'],
    [422, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [502, 'api_error'],
    [503, 'overloaded_error'],
    [504, 'timeout_error'],
    [529, 'overloaded_error'],
  ])('status %i is a %s to Anthropic’s client', (status, type) => {
    const told = JSON.parse(INGRESSES.messages.writeError({ ...ERROR, status }, {}).toString());
    expectShape('messageError', told);
    expect(told).toEqual({
      type: 'error',
      error: { type, message: 'all full', details: { error_code: 'overloaded' } },
      request_id: 'req-1',
    });
  });

  test('stand in each API’s own envelope, with what the gateway adds beside it', () => {
    const told = Object.values(INGRESSES).map((ingress) => JSON.parse(ingress.writeError(ERROR, EXTRA).toString()));
    for (const body of told) expect(body.context).toEqual(EXTRA.context);
    expect(told[1].error).toEqual({ message: 'all full', type: 'server_error', param: null, code: 'overloaded' });
    for (const body of told.slice(2)) expect(body.error).toBe('all full');
  });
});

describe('answers that are none', () => {
  test.each([
    ['', 'no JSON'],
    ['3', 'no '],
    ['{}', 'no '],
    ['{"choices":[]}', 'no '],
    ['{"choices":[{"message":{"tool_calls":[{"id":"a"}]}}]}', 'no '],
    ['{"error":{"message":"x","type":"y"}}', 'is an error'],
  ])('%s is an upstream failure', (body, words) => {
    const request = { stream: false, model: 'm', echo: { stops: [], texts: 1 } } as never;
    for (const ingress of Object.values(INGRESSES)) {
      expect(() => ingress.writeAnswer(Buffer.from(body), request), ingress.name).toThrow(TranslationError);
      if (ingress.endpoint === 'chat' && !body.includes('tool_calls'))
        expect(() => ingress.writeAnswer(Buffer.from(body), request)).toThrow(words);
    }
  });

  test('an error inside a stream keeps its status', () => {
    const request = INGRESSES.messages.read(
      Buffer.from('{"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"a"}]}'),
    );
    const stream = INGRESSES.messages.openStream(request);
    try {
      stream.push(Buffer.from('data: {"error":{"message":"slow down","code":429}}\n\n'));
      expect.unreachable();
    } catch (error) {
      expect((error as TranslationError).answer?.status).toBe(429);
    }
  });
});
