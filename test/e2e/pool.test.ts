import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, type StartOptions, until } from './policyd.ts';
import { type PoolApi, poolOf } from './pool/api.ts';

/** The coordination API, against a real policyd with real agents. */
const HANDLERS = fileURLToPath(new URL('./pool/handlers.ts', import.meta.url));
const OWN = ['--pool-handlers', HANDLERS, '--pool-memory', '48'];
const IMPATIENT = ['--pool-stall', '700ms'];

let upstream: Upstream;
let policyd: Policyd;
let pool: PoolApi;
beforeEach(async () => {
  upstream = await Upstream.start();
});
afterEach(async () => {
  await policyd.stop();
  await upstream.stop();
});

async function start(options: StartOptions = {}, more = ''): Promise<void> {
  policyd = await Policyd.start(`backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {} } } }\n${more}`, options);
  pool = poolOf(policyd);
}

const COORDINATION = (text: string): string => `pools: { coordination: { ${text} } }\n`;

describe('tasks that are held for whoever does them', () => {
  test('a full pool queues, a freed agent takes the next at once, in order', async () => {
    await start();
    expect(await pool.initialize(2)).toMatchObject({ status: 'initialized', spawned_agents: 2, pool_size: 2 });
    const tasks = [];
    for (let i = 0; i < 4; i++) tasks.push(await pool.submit({ n: i }, { task_type: 'general' }));
    expect(tasks.map(({ status }) => status)).toEqual(['in_progress', 'in_progress', 'pending', 'pending']);
    expect(new Set(tasks.slice(0, 2).map((task) => task.assigned_agent_id)).size).toBe(2);
    await until(
      async () => (await pool.agents()).every(({ agent }: { agent: { status: string } }) => agent.status === 'executing'),
      'both',
    );
    const done = await pool.ask('POST', `/tasks/${tasks[0].task_id}/complete?success=true`, { result: { by: 'hand' } });
    expect(done).toMatchObject({ status: 200, body: { status: 'completed', result: { by: 'hand' } } });
    expect(await pool.reach(tasks[2].task_id, ['in_progress'])).toMatchObject({ assigned_agent_id: tasks[0].assigned_agent_id });
    expect((await pool.task(tasks[3].task_id)).status).toBe('pending');
    // Saying the same again is no mistake, another thing is.
    expect((await pool.ask('POST', `/tasks/${tasks[0].task_id}/complete`)).status).toBe(200);
    expect((await pool.ask('POST', `/tasks/${tasks[0].task_id}/complete?success=false`)).status).toBe(409);
    expect((await pool.ask('POST', `/tasks/${tasks[1].task_id}/complete?success=false`)).body.status).toBe('failed');
    expect((await pool.ask('POST', `/tasks/${tasks[3].task_id}/cancel`)).body).toMatchObject({ status: 'cancelled' });
    expect((await pool.ask('GET', '/metrics')).body).toMatchObject({
      agents: 2,
      tasks_total: 4,
      tasks_completed: 1,
      tasks_failed: 1,
      tasks_cancelled: 1,
      tasks_in_progress: 1,
      tasks_pending: 0,
      queue_length: 0,
      utilization: 0.5,
    });
  });

  test('a failed agent is out, its task goes to another, never back; three attempts, then the dead letters, from where it is tried again', async () => {
    await start();
    await pool.initialize(3);
    const { task_id: id, assigned_agent_id: first } = await pool.submit({ n: 1 });
    const second = (await pool.ask('POST', `/agents/${first}/fail`, { reason: 'as a test' })).body;
    expect(second).toMatchObject({
      agent_id: first,
      status: 'degraded',
      task_reassigned: true,
      reassigned_task_id: id,
      task_failed_permanently: false,
    });
    const task = await pool.task(id);
    expect(task).toMatchObject({ status: 'in_progress', attempt_count: 2, failed_agent_ids: [first], error: 'as a test' });
    expect(task.assigned_agent_id).toBe(second.reassigned_agent_id);
    const third = (await pool.ask('POST', `/agents/${task.assigned_agent_id}/fail`)).body;
    await pool.reach(id, ['in_progress']);
    const dead = (await pool.ask('POST', `/agents/${(await pool.task(id)).assigned_agent_id}/fail`)).body;
    expect(dead).toMatchObject({ task_reassigned: false, reassigned_task_id: null, task_failed_permanently: true });
    expect(third.agent_id).not.toBe(dead.agent_id);
    const failed = await pool.task(id);
    expect(failed).toMatchObject({ status: 'failed', attempt_count: 3 });
    expect(new Set(failed.failed_agent_ids).size).toBe(3);
    expect((await pool.ask('GET', '/dead-letters')).body.tasks.map(({ task_id }: { task_id: string }) => task_id)).toEqual([id]);
    // Lost agents are replaced, and are still told of.
    await until(async () => (await pool.ask('GET', '/metrics')).body.agents === 3, 'the others');
    expect((await pool.ask('GET', '/metrics')).body.agents_degraded).toBe(3);
    expect((await pool.ask('POST', `/dead-letters/${id}/redrive`)).status).toBe(200);
    expect(await pool.reach(id, ['in_progress'])).toMatchObject({ attempt_count: 1, failed_agent_ids: [] });
  });

  test('a task that every agent failed at gets a fresh one, until its attempts are over', async () => {
    await start({ args: OWN });
    await pool.initialize(1);
    const { task_id: id } = await pool.submit({ do: 'throw' });
    const dead = await pool.reach(id, ['failed']);
    expect(dead).toMatchObject({ attempt_count: 3, error: 'as I was told' });
    expect(new Set(dead.failed_agent_ids).size).toBe(3);
    expect((await pool.ask('GET', '/metrics')).body).toMatchObject({ agents: 1, agents_degraded: 0 });
  });

  test('the only agent fails: the task waits for the next one', async () => {
    await start();
    await pool.initialize(1);
    const { task_id: id, assigned_agent_id: first } = await pool.submit({ n: 1 });
    expect((await pool.ask('POST', `/agents/${first}/fail`)).body).toMatchObject({
      task_reassigned: false,
      task_failed_permanently: false,
    });
    const again = await pool.reach(id, ['in_progress']);
    expect(again.assigned_agent_id).not.toBe(first);
  });

  test('agents elsewhere ask for tasks, and lose them when they are silent', async () => {
    await start();
    const { agent_id: agent, status } = (await pool.ask('POST', '/agents', { kind: 'external', name: 'box', lease_seconds: 1 })).body;
    expect(status).toBe('idle');
    const ids = [await pool.submit({ n: 1 }), await pool.submit({ n: 2 })].map(({ task_id }) => task_id);
    const { tasks } = (await pool.ask('POST', `/agents/${agent}/claim`, { max_tasks: 5 })).body;
    expect(tasks.map(({ task_id }: { task_id: string }) => task_id)).toEqual(ids);
    expect((await pool.ask('POST', `/agents/${agent}/heartbeat`)).body).toMatchObject({ alive: true, task_ids: ids });
    const told = await pool.ask('POST', `/tasks/${ids[0]}/complete`, { result: 1, token: tasks[0].token });
    expect(told.body).toMatchObject({ status: 'completed', result: 1 });
    await until(async () => (await pool.task(ids[1])).status === 'pending', 'its lease to run out', 5_000);
    expect((await pool.task(ids[1])).failed_agent_ids).toEqual([agent]);
    const late = await pool.ask('POST', `/tasks/${ids[1]}/complete`, { token: tasks[1].token });
    expect(late).toMatchObject({ status: 409, body: { detail: expect.stringContaining('[stale]') } });
    expect((await pool.ask('POST', `/agents/${agent}/heartbeat`)).status).toBe(409);
  });
});

test('words of the contract: what is refused, and how', async () => {
  await start({}, COORDINATION('max_size: 2, queue_depth: 3'));
  const refused = async (status: number, pattern: RegExp, ...asked: Parameters<PoolApi['ask']>) => {
    const answer = await pool.ask(...asked);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    expect(answer.body.detail).toMatch(pattern);
    return answer;
  };
  for (const size of [0, -1, 1.5, '2', null]) await refused(422, /`size`/, 'POST', '/pool/initialize', { size });
  await refused(422, /more than the 2 agents/, 'POST', '/pool/initialize', { size: 17 });
  await refused(422, /there is no `sise`/, 'POST', '/pool/initialize', { sise: 3 });
  await refused(422, /no json/, 'POST', '/tasks', '{"payload"');
  await refused(422, /`task_type` is "x", expected one of discovery, migration/, 'POST', '/tasks', { task_type: 'x' });
  const both = await refused(422, /there is no `a`/, 'POST', '/tasks', { task_type: 'x', a: 1 });
  expect(both.body.detail).toContain('`task_type`');
  await refused(404, /no task `nope`/, 'GET', '/tasks/nope');
  await refused(404, /no task/, 'POST', '/tasks/nope/complete');
  await refused(404, /no agent/, 'POST', '/agents/nope/fail');
  await refused(404, /there is no `GET/, 'GET', '/nope');
  await refused(422, /`limit`/, 'GET', '/tasks?limit=0');
  // Agents without `initialize`, up to the policy's bound.
  for (let i = 0; i < 2; i++)
    expect((await pool.ask('POST', '/agents')).body).toMatchObject({ status: 'idle', context_window_id: expect.any(String) });
  const full = await refused(429, /2 agents/, 'POST', '/agents');
  expect(full.body.error).toBe('PoolFullError');
  for (let i = 0; i < 5; i++) expect((await pool.ask('POST', '/tasks', { payload: { i } })).status).toBe(200);
  const queue = await refused(429, /3 tasks are waiting/, 'POST', '/tasks', { payload: {} });
  expect(queue.body.error).toBe('QueueFullError');
  expect(Number(queue.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await pool.ask('GET', '/tasks?status=pending')).body.tasks).toHaveLength(3);
  // The end of the pool is on record.
  expect((await pool.ask('DELETE', '/pool?grace_seconds=0')).body).toMatchObject({
    status: 'shutdown',
    tasks_cancelled: 3,
    tasks_returned: 2,
  });
  expect((await pool.ask('GET', '/tasks?status=cancelled')).body.tasks).toHaveLength(3);
  expect(await pool.agents()).toEqual([]);
  expect((await pool.ask('POST', '/pool/drain')).status).toBe(200);
  const drained = await refused(503, /takes no tasks/, 'POST', '/tasks', { payload: {} });
  expect(drained.headers.get('retry-after')).not.toBeNull();
});

test('the same key and body are one task, another body is refused', async () => {
  await start();
  const ask = (n: number) => pool.ask('POST', '/tasks', { payload: { n } }, { 'idempotency-key': 'k1' });
  const [one, two] = await Promise.all([ask(1), ask(1)]);
  expect(one.body.task_id).toBe(two.body.task_id);
  expect((await ask(2)).status).toBe(422);
  expect((await pool.ask('GET', '/metrics')).body.tasks_total).toBe(1);
});

test('a question goes through the gateway under its policy, with its trace, and is there after a restart', async () => {
  await start();
  await pool.initialize(1);
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const { body: task } = await pool.ask(
    'POST',
    '/tasks',
    { payload: { prompt: 'hello', model: 'm' } },
    { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
  );
  const done = await pool.reach(task.task_id, ['completed']);
  expect(done.result).toMatchObject({ object: 'chat.completion', model: 'm' });
  await until(() => policyd.lines('task completed').length === 1, 'the log');
  expect(policyd.lines('request')).toHaveLength(1);
  for (const said of ['task assigned', 'task completed'])
    expect(policyd.lines(said)[0]).toMatchObject({ trace_id: trace, task_id: task.task_id });
  const refused = await pool.submit({ prompt: 'hello', model: 'unknown' });
  expect(await pool.reach(refused.task_id, ['failed'])).toMatchObject({ attempt_count: 1, error: expect.stringContaining('404') });
  const alive = await pool.submit({}, { task_type: 'heartbeat' });
  expect((await pool.reach(alive.task_id, ['completed'])).result).toMatchObject({ alive: true });
});

test('where the policy has keys: scopes for callers, a key of its own for the agents', async () => {
  const key = (name: string) => `${name}-key-0123456789`;
  const { createHash } = await import('node:crypto');
  const hash = (name: string) => createHash('sha256').update(key(name)).digest('hex');
  const keys = `keys:
  reader: { sha256: "${hash('reader')}", scopes: [read:jobs] }
  writer: { sha256: "${hash('writer')}", scopes: [read:jobs, write:jobs] }
  agents: { sha256: "${hash('agents')}", scopes: [llm:invoke], team: background }
`;
  await start({ env: { AGENTS: key('agents') }, args: ['--pool-key-env', 'AGENTS'] }, keys);
  const as = (name: string) => poolOf(policyd, { authorization: `Bearer ${key(name)}` });
  const anybody = await pool.ask('GET', '/metrics');
  expect(anybody).toMatchObject({ status: 401, body: { detail: expect.stringContaining('[no-key]') } });
  expect((await as('reader').ask('GET', '/metrics')).status).toBe(200);
  expect((await as('reader').ask('POST', '/tasks', { payload: {} })).status).toBe(403);
  await as('writer').initialize(1);
  const { task_id: id } = await as('writer').submit({ prompt: 'hi', model: 'm' });
  expect((await as('writer').reach(id, ['completed'])).result).toMatchObject({ model: 'm' });
  expect(policyd.output).not.toContain(key('agents'));
});

test("who may take what is the policy's word", async () => {
  await start({}, COORDINATION('types: { research: ["worker-2"], general: ["worker-[12]"] }'));
  await pool.initialize(3);
  const research = await pool.submit({ held: 1 }, { task_type: 'research' });
  expect(research.assigned_agent_id).toMatch(/^worker-2-/);
  const general = await pool.submit({ held: 1 });
  expect(general.assigned_agent_id).toMatch(/^worker-1-/);
  expect((await pool.submit({ held: 1 })).status).toBe('pending');
});

test('while the discovery service is away its tasks wait, all else runs, and they go on by themselves', async () => {
  let up = false;
  const asked: unknown[] = [];
  const service = createServer((request, response) => {
    if (!up) return void response.writeHead(503).end();
    if (request.url === '/health') return void response.end('ok');
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      asked.push(JSON.parse(body));
      response.setHeader('content-type', 'application/json').end('{"found":3}');
    });
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  try {
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    await start({ args: ['--discovery-url', url, '--probe-interval', '150'] });
    await pool.initialize(1);
    const waits = await pool.submit({ look: 'here' }, { task_type: 'discovery' });
    const runs = await pool.submit({}, { task_type: 'heartbeat' });
    expect((await pool.reach(runs.task_id, ['completed'])).status).toBe('completed');
    expect((await pool.task(waits.task_id)).status).toBe('pending');
    up = true;
    expect((await pool.reach(waits.task_id, ['completed'])).result).toEqual({ found: 3 });
    expect(asked).toEqual([{ task_id: waits.task_id, task_type: 'discovery', payload: { look: 'here' } }]);
    await until(() => policyd.lines('discovery service is back').length === 1, 'the log');
  } finally {
    service.close();
  }
});

describe('isolation', () => {
  test('agents share no scope, no environment and no ids, and the report is asked of themselves', async () => {
    await start({ args: OWN, env: { SECRET_THING: 'do not show' } });
    await pool.initialize(2);
    const [one, two] = (await pool.agents()).map(({ agent }: { agent: { agent_id: string } }) => agent.agent_id);
    const run = async (agent: string, payload: object) => {
      // Its last task may be over a moment before it is free.
      await until(
        async () =>
          (await pool.agents()).some(
            ({ agent: { agent_id, status } }: { agent: { agent_id: string; status: string } }) => agent_id === agent && status === 'idle',
          ),
        'the agent to be free',
      );
      const { task_id: id, assigned_agent_id: by } = await pool.submit(payload, { preferred_agent_id: agent });
      expect(by).toBe(agent);
      return (await pool.reach(id, ['completed'])).result;
    };
    await run(one, { do: 'mark', mark: 'mine' });
    expect(await run(one, { do: 'look' })).toMatchObject({ mark: 'mine', env: ['MARK'] });
    expect(await run(two, { do: 'look' })).toMatchObject({ mark: null, env: [] });
    // What the first one did to itself is seen.
    const report = (await pool.ask('GET', '/isolation-report')).body;
    expect(report).toMatchObject({ total_agents: 2, breaches_detected: 1 });
    const [first, second] = report.details;
    expect(first).toMatchObject({ agent_id: one, isolated: false, issues: ['it sees 1 variables of the environment'] });
    expect(second).toMatchObject({ agent_id: two, isolated: true, issues: [] });
    for (const name of ['context_window_id', 'tool_session_id', 'memory_handle_id']) expect(first[name]).not.toBe(second[name]);
    expect((await pool.agents())[0].isolation.shared_state_detected).toBe(true);
  });

  test.each([
    ['throw outside', 'it threw outside of its task'],
    ['exit', 'its thread ended with code 3'],
    ['loop', 'its event loop did not answer'],
    ['exhaust', 'it needed more memory than it may have'],
  ])('an agent that does `%s` is out and replaced, another does its task, the others notice nothing', async (what, why) => {
    await start({ args: what === 'loop' ? [...OWN, ...IMPATIENT] : OWN });
    await pool.initialize(2);
    const [bad, good] = (await pool.agents()).map(({ agent }: { agent: { agent_id: string } }) => agent.agent_id);
    const neighbour = await pool.submit({ do: 'sleep', ms: 300 }, { preferred_agent_id: good });
    const { task_id: id, assigned_agent_id: by } = await pool.submit({ do: what, once: true }, { preferred_agent_id: bad });
    expect(by).toBe(bad);
    const done = await pool.reach(id, ['completed']);
    expect(done).toMatchObject({ attempt_count: 2, failed_agent_ids: [bad], result: { attempt: 2 } });
    expect(await pool.reach(neighbour.task_id, ['completed'])).toMatchObject({ attempt_count: 1, assigned_agent_id: good });
    const lost = (await pool.agents()).find(({ agent }: { agent: { agent_id: string } }) => agent.agent_id === bad);
    expect(lost).toMatchObject({
      agent: { status: 'degraded' },
      isolation: { notes: expect.arrayContaining([expect.stringContaining(why)]) },
    });
    await until(async () => (await pool.ask('GET', '/metrics')).body.agents === 2, 'its replacement');
    expect((await policyd.chat('m')).status).toBe(200);
  });

  test('an agent that leaks finishes its task and is replaced', async () => {
    await start({ args: OWN });
    await pool.initialize(1);
    const { task_id: id, assigned_agent_id: bad } = await pool.submit({ do: 'leak', mib: 45 });
    expect(await pool.reach(id, ['completed'])).toMatchObject({ result: { kept: 1 }, attempt_count: 1 });
    await until(
      async () =>
        (await pool.agents()).some(
          ({ agent }: { agent: { agent_id: string; status: string } }) => agent.agent_id === bad && agent.status === 'degraded',
        ),
      'the end of it',
    );
    const next = await pool.submit({ do: 'sleep', ms: 1 });
    expect((await pool.reach(next.task_id, ['completed'])).assigned_agent_id).not.toBe(bad);
  });

  test('a handler that throws costs an attempt, not the agent; what agents print is a line with the ids of their task', async () => {
    await start({ args: OWN });
    await pool.initialize(2);
    const { task_id: id } = await pool.submit({ do: 'throw', once: true });
    expect(await pool.reach(id, ['completed'])).toMatchObject({ attempt_count: 2 });
    expect((await pool.ask('GET', '/metrics')).body).toMatchObject({ agents: 2, agents_degraded: 0 });
    const said = await pool.submit({ do: 'log', text: 'hello from inside' });
    await pool.reach(said.task_id, ['completed']);
    await until(() => policyd.lines('agent said').length === 2, 'its lines');
    expect(policyd.lines('agent said').map(({ line, task_id: task }) => [line, task])).toEqual(
      expect.arrayContaining([
        ['hello from inside', said.task_id],
        ['printed hello from inside', said.task_id],
      ]),
    );
  });

  test('a cancelled task is taken away: from one that listens, and from one that does not', async () => {
    await start({ args: OWN });
    await pool.initialize(2);
    const [listens, deaf] = [await pool.submit({ do: 'wait for abort' }), await pool.submit({ do: 'ignore abort' })];
    for (const { task_id: id } of [listens, deaf]) expect((await pool.ask('POST', `/tasks/${id}/cancel`)).body.status).toBe('cancelled');
    await until(async () => (await pool.ask('GET', '/metrics')).body.agents_idle === 2, 'two idle agents');
    const agents: { agent: { agent_id: string; status: string } }[] = await pool.agents();
    expect(agents.find(({ agent }) => agent.agent_id === listens.assigned_agent_id)!.agent.status).toBe('idle');
    expect(agents.find(({ agent }) => agent.agent_id === deaf.assigned_agent_id)!.agent.status).toBe('degraded');
  });

  test('an attempt that takes too long is over', async () => {
    await start({ args: [...OWN, '--pool-task-timeout', '400ms'] });
    await pool.initialize(2);
    const { task_id: id } = await pool.submit({ do: 'wait for abort', once: true });
    expect(await pool.reach(id, ['completed'])).toMatchObject({ attempt_count: 2 });
    const { events } = (await pool.ask('GET', `/tasks/${id}/history`)).body;
    expect(events.map(({ event }: { event: string }) => event)).toEqual(['queued', 'assigned', 'attempt-failed', 'assigned', 'completed']);
    expect(events[2].detail).toContain('longer than 400 ms');
  });
});
