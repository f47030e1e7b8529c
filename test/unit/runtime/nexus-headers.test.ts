import { expect, test } from 'vitest';
import { formatDollars, formatReasons } from '../../../runtime/gateway/nexus-headers.ts';
import { pickResponseHeaders } from '../../../runtime/gateway/response-headers.ts';
import { Redactor } from '../../../runtime/telemetry/redact.ts';

test('nano-dollars as dollars', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [1, '0.000000001'],
    [2_500_000, '0.0025'],
    [1_000_000_000, '1'],
    [12_340_000_000, '12.34'],
    [999_999_999, '0.999999999'],
  ];
  for (const [nanos, text] of cases) expect(formatDollars(nanos)).toBe(text);
});

test('rejection reasons are ASCII json of at most 2 KiB, whole entries only', () => {
  const reason = {
    agent_id: 'bäckend',
    model: 'm',
    reconciler: 'TierReconciler' as const,
    reason: 'grüße 🌞\u007f',
    suggested_action: 'x',
  };
  const few = formatReasons([reason, reason]);
  expect(few).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(few)).toEqual([reason, reason]);
  const many = formatReasons(Array(100).fill(reason));
  expect(many.length).toBeLessThanOrEqual(2_048);
  expect(JSON.parse(many).length).toBeGreaterThan(5);
  expect(formatReasons([{ ...reason, reason: 'x'.repeat(3_000) }])).toBe('[]');
});

test('of a backend’s headers only the known pass, and none that holds its key', () => {
  const headers = {
    'content-type': 'a',
    'openai-version': 'b',
    'set-cookie': ['c'],
    'x-nexus-backend': 'spoof',
    'retry-after': 'sk-1',
    server: 'x',
    connection: 'close',
    'transfer-encoding': 'chunked',
    'x-request-id': 'theirs',
  };
  expect(pickResponseHeaders(headers, 'sk-1')).toEqual(['content-type', 'a', 'openai-version', 'b']);
  expect(pickResponseHeaders({ 'retry-after': '3' }, null)).toEqual(['retry-after', '3']);
});

test('the redactor takes out the keys it knows, and shapes of those it does not', () => {
  const redactor = new Redactor();
  redactor.add(['k.e*y', null, '']);
  expect(redactor.redact('a k.e*y b Bearer abcdefghij c sk-proj-12345678 d')).toBe('a [redacted] b [redacted] c [redacted] d');
  redactor.add(['qu"o\\te']);
  expect(redactor.redact(JSON.stringify({ said: 'qu"o\\te' }))).toBe('{"said":"[redacted]"}');
  const clean = Buffer.from('nothing here: ü');
  expect(redactor.redactBytes(clean)).toBe(clean);
  expect(redactor.redactBytes(Buffer.from('ü k.e*y ü')).toString()).toBe('ü [redacted] ü');
});
