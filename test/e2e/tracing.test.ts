import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Failure } from '../../runtime/failure.ts';
import { readTracing } from '../../runtime/telemetry/read-tracing.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';
import { policyOf } from './orchestrator/workloads-api.ts';
import { type ToldSpan, TraceReceiver } from './trace-receiver.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const SECRET = 'collector-secret-0123456789';
const POLICY = (url: string, second: string) => `
backends:
  first: { type: openai, url: "${second}/v1", api_key_env: FIRST_KEY, priority: 90, models: { m: {} } }
  house: { type: vllm, url: "${url}", models: { m: {} } }
keys:
  app: { sha256: "${hash('app-key-0123456789')}", scopes: [llm:invoke, admin, read:jobs, write:jobs] }
pools:
  coordination: { size: 1 }
`;

let receiver: TraceReceiver;
let upstream: Upstream;
let broken: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  receiver = await TraceReceiver.start();
  upstream = await Upstream.start({ models: ['m'] });
  broken = await Upstream.start({ models: ['m'] });
  policyd = await Policyd.start(POLICY(upstream.url, broken.url), {
    env: {
      FIRST_KEY: 'first-key-0123456789',
      AGENT_KEY: 'app-key-0123456789',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-tenant=${SECRET}`,
      OTEL_SERVICE_NAME: 'gate',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test,team=a%20b',
    },
    args: ['--pool-key-env', 'AGENT_KEY'],
  });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
  await broken.stop();
  await receiver.stop();
});

const app = bearer('app-key-0123456789');
const ofTrace = (trace: string): ToldSpan[] => receiver.spans.filter(({ traceId }) => traceId === trace);
const find = (spans: readonly ToldSpan[], name: string): ToldSpan => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span \`${name}\` among ${spans.map((span) => span.name).join(', ')}`);
  return found;
};

test('one trace from the caller over the decision and a failed attempt to the backend that served', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  broken.fault = { kind: 'status', status: 500 };
  const answer = await policyd.chat(
    'm',
    { stream: true },
    { ...app, traceparent: `00-${trace}-b7ad6b7169203331-01`, baggage: 'user=secret' },
  );
  await answer.arrayBuffer();
  broken.fault = null;
  const spans = await until(() => (ofTrace(trace).some(({ kind }) => kind === 2) ? ofTrace(trace) : null), 'the spans', 30_000);
  const request = find(spans, 'POST /v1/chat/completions');
  expect(request).toMatchObject({ kind: 2, parentSpanId: 'b7ad6b7169203331', isError: false });
  expect(request.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v1/chat/completions',
    'http.response.status_code': 200,
    'policyd.caller': 'app',
    'policyd.attempts': 2,
    'policyd.request_id': answer.headers.get('x-request-id'),
    'policyd.policy': answer.headers.get('x-nexus-policy'),
  });
  const decide = find(spans, 'decide');
  expect(decide).toMatchObject({ parentSpanId: request.spanId, attributes: { 'policyd.decision': 'route' } });
  const attempts = spans.filter(({ name }) => name === 'chat m').sort((a, b) => Number(a.start - b.start));
  expect(attempts.map(({ attributes }) => attributes['policyd.backend'])).toEqual(['first', 'house']);
  for (const attempt of attempts) expect(attempt).toMatchObject({ kind: 3, parentSpanId: request.spanId });
  expect(attempts[0]).toMatchObject({ isError: true, attributes: { 'error.type': '500', 'gen_ai.provider.name': 'openai' } });
  expect(attempts[1]).toMatchObject({
    isError: false,
    events: ['first_byte'],
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'vllm',
      'gen_ai.request.model': 'm',
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
    },
  });
  for (const span of spans) {
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.start).toBeGreaterThanOrEqual(request.start - 1_000_000n);
  }
  // The backend's own spans become children of the attempt.
  const call = upstream.calls.at(-1)!;
  expect(call.headers.traceparent).toBe(`00-${trace}-${attempts[1].spanId}-01`);
  expect(call.headers.baggage).toBeUndefined();
  await until(() => policyd.lines('request').some(({ trace_id }) => trace_id === trace), 'its line in the log');
});

test('a refusal is a span and an entry of the audit log with the same trace', async () => {
  const trace = '1af7651916cd43dd8448eb211c80319c';
  await (await policyd.chat('m', {}, { traceparent: `00-${trace}-b7ad6b7169203331-01` })).arrayBuffer();
  const spans = await until(() => (ofTrace(trace).length > 0 ? ofTrace(trace) : null), 'the span', 30_000);
  expect(spans.map(({ name, attributes }) => [name, attributes['http.response.status_code']])).toEqual([
    ['POST /v1/chat/completions', 401],
  ]);
  const { items } = await policyd.get<{ items: { status: number }[] }>(`/v1/audit?trace=${trace}`, app);
  expect(items).toMatchObject([{ status: 401 }]);
});

test('one trace from the submission of a task over its attempt to the call that it made at the backend', async () => {
  await (await policyd.post('/api/coordination/pool/initialize', { size: 1 }, app)).arrayBuffer();
  const submitted = await policyd.post('/api/coordination/tasks', { payload: { prompt: 'hello', model: 'm' } }, app);
  const { task_id: id } = (await submitted.json()) as { task_id: string };
  const task = await until(
    async () => {
      const found = await policyd.get<{ status: string; trace_id: string }>(`/api/coordination/tasks/${id}`, app);
      return found.status === 'completed' ? found : null;
    },
    'the task',
    60_000,
  );
  const wanted = ['POST /api/coordination/tasks', 'task general', 'POST /v1/chat/completions', 'chat m'];
  const spans = await until(
    () => {
      const found = ofTrace(task.trace_id);
      return wanted.every((name) => found.some((span) => span.name === name)) ? found : null;
    },
    'the whole trace',
    30_000,
  );
  expect(find(spans, 'task general').attributes['policyd.task_id']).toBe(id);
  const call = [...upstream.calls, ...broken.calls].find(({ headers }) => headers.traceparent?.includes(task.trace_id));
  expect(call).toBeDefined();
});

test('who was not sampled is not sent, and still goes on as such', async () => {
  const trace = '2af7651916cd43dd8448eb211c80319c';
  await (await policyd.chat('m', {}, { ...app, traceparent: `00-${trace}-b7ad6b7169203331-00` })).arrayBuffer();
  const marker = '3af7651916cd43dd8448eb211c80319c';
  await (await policyd.chat('m', {}, { ...app, traceparent: `00-${marker}-b7ad6b7169203331-01` })).arrayBuffer();
  await until(() => ofTrace(marker).length > 0, 'the later one', 30_000);
  expect(ofTrace(trace)).toEqual([]);
  const calls = [...upstream.calls, ...broken.calls].filter(({ headers }) => headers.traceparent?.includes(trace));
  expect(calls.map(({ headers }) => headers.traceparent!.slice(-2))).toEqual(['00']);
});

test('it says whose spans they are, and no body, key or secret is in any', async () => {
  expect(receiver.resources.at(-1)).toMatchObject({ 'service.name': 'gate', 'deployment.environment': 'test', team: 'a b' });
  expect(new Set(receiver.paths)).toEqual(new Set(['/v1/traces']));
  expect(receiver.headers.at(-1)!['x-tenant']).toBe(SECRET);
  expect(receiver.text).not.toMatch(/hello there|app-key-|first-key-|collector-secret/);
  expect(policyd.output).not.toContain(SECRET);
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  expect(Number(/^policyd_spans_total\{result="sent"\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(5);
});

test('a receiver that is away costs spans, which are counted, and nothing else; what waits at the end is sent', async () => {
  const last = await TraceReceiver.start();
  const other = await Policyd.start(`backends: { house: { type: vllm, url: "${upstream.url}", models: { m: {} } } }`, {
    args: ['--otel-endpoint', last.url],
  });
  last.status = 400;
  await (await other.chat('m')).arrayBuffer();
  await until(
    async () => /^policyd_spans_total\{result="failed"\} [1-9]/m.test(await (await fetch(`${other.url}/metrics`)).text()),
    'the count',
    30_000,
  );
  last.status = 200;
  await (await other.chat('m')).arrayBuffer();
  expect(await other.stop()).toBe(0);
  expect(last.spans.map(({ name }) => name)).toContain('chat m');
  await last.stop();
});

test('one trace from the request for a workload over its place to the end of its run', async () => {
  const collector = await TraceReceiver.start();
  const other = await Policyd.start(policyOf(), {
    args: ['--otel-endpoint', collector.url, '--node-capacity', 'cpu=64,memory=16GiB'],
  });
  try {
    const trace = '4af7651916cd43dd8448eb211c80319c';
    const command = [process.execPath, '-e', 'process.exit(3)'];
    const answer = await other.post('/schedule', { name: 'hello', command }, { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    expect(answer.status).toBe(202);
    const spans = await until(
      () => {
        const found = collector.spans.filter(({ traceId }) => traceId === trace);
        return found.some(({ name }) => name === 'workload run') ? found : null;
      },
      'the run',
      120_000,
    );
    expect(find(spans, 'POST /schedule')).toMatchObject({ kind: 2, parentSpanId: 'b7ad6b7169203331' });
    expect(find(spans, 'workload place').attributes).toMatchObject({ 'policyd.node': 'local', 'policyd.attempt': 1 });
    expect(find(spans, 'workload run')).toMatchObject({ isError: true, attributes: { 'policyd.exit_code': 3, 'error.type': 'failed' } });
  } finally {
    await other.stop();
    await collector.stop();
  }
}, 240_000);

test('wrong settings are told at once, and none of their values that may be secret', () => {
  const env = {
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization: Bearer abc',
  };
  try {
    readTracing('localhost:4318', env);
    expect.unreachable();
  } catch (error) {
    const text = JSON.stringify((error as Failure).problems) + (error as Error).message;
    for (const word of ['--otel-endpoint', 'OTEL_TRACES_SAMPLER`', 'OTEL_TRACES_SAMPLER_ARG', 'OTEL_EXPORTER_OTLP_HEADERS'])
      expect(text).toContain(word);
    expect(text).not.toContain('abc');
  }
  expect(readTracing(null, {})).toBeNull();
  expect(readTracing('http://a', { OTEL_SDK_DISABLED: 'true' })).toBeNull();
  expect(readTracing('http://a/x/', {})?.url).toBe('http://a/x/v1/traces');
  expect(readTracing(null, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a/own' })?.url).toBe('http://a/own');
});
