import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Reader } from '../orchestrator/stream-reader.ts';
import { until } from '../policyd.ts';
import { bearer, fill, KEYS, World } from './world.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Stands in all that ana has, and in nothing of anybody else. */
const MARK = 'zephyrquartz';

let world: World;
let job: string;
let pod: string;
let task: string;
let agent: string;
beforeAll(async () => {
  world = await World.start();
  const taken = await world.ask(
    KEYS.ana,
    'POST',
    '/v1/context/ingest',
    JSON.stringify({ source: MARK, namespace: MARK, documents: [{ id: `${MARK}-1`, text: `the ${MARK} stands here` }] }),
  );
  expect(taken.status, await taken.text()).toBeLessThan(300);
  const answer = await world.ask(
    KEYS.ana,
    'POST',
    '/schedule',
    JSON.stringify({
      name: MARK,
      command: ['/bin/sh', '-c', `echo ${MARK}; sleep 120`],
      context: { query: MARK },
      resources: { cpu: 0.01, memory: '8MiB' },
    }),
    { 'idempotency-key': `${MARK}-key` },
  );
  const accepted = await answer.text();
  expect(answer.status, accepted).toBe(202);
  job = (JSON.parse(accepted) as { job_id: string }).job_id;
  pod = `${job}-1`;
  task = (await coordinate<{ task_id: string }>(KEYS.ana, 'POST', '/tasks', { payload: { prompt: MARK } })).task_id;
  agent = (await coordinate<{ agent_id: string }>(KEYS.ana, 'POST', '/agents', { kind: 'external', lease_seconds: 3_600 })).agent_id;
  await until(async () => (await (await world.ask(KEYS.ana, 'GET', '/pods')).text()).includes(pod), 'its run', 60_000);
});
afterAll(async () => {
  await world.ask(KEYS.ops, 'POST', `/v1/jobs/${job}/cancel`, '{}');
  await world.stop();
});

async function coordinate<T>(key: string, method: string, path: string, body?: object): Promise<T> {
  const answer = await world.ask(key, method, `/api/coordination${path}`, body === undefined ? undefined : JSON.stringify(body));
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return JSON.parse(text) as T;
}

test('what one tenant has is there for it and for the operator', async () => {
  for (const key of [KEYS.ana, KEYS.ops]) {
    for (const path of [
      `/v1/jobs/${job}`,
      '/v1/jobs',
      '/pods',
      `/v1/context/search?q=${MARK}`,
      `/api/coordination/tasks/${task}`,
      '/api/coordination/tasks',
    ]) {
      const answer = await world.ask(key, 'GET', path);
      expect([path, answer.status, (await answer.text()).includes(MARK)]).toEqual([path, 200, true]);
    }
  }
});

test("an agent elsewhere gets its owner's tasks, and an operator's gets all", async () => {
  type Tasks = { tasks: { task_id: string }[] };
  const seen = async (key: string) => (await coordinate<Tasks>(key, 'GET', '/tasks')).tasks.map(({ task_id }) => task_id);
  const claim = async (key: string): Promise<string[]> => {
    const { agent_id } = await coordinate<{ agent_id: string }>(key, 'POST', '/agents', { kind: 'external', lease_seconds: 3_600 });
    const { tasks } = await coordinate<Tasks>(key, 'POST', `/agents/${agent_id}/claim`, { max_tasks: 100 });
    return tasks.map(({ task_id }) => task_id);
  };
  const own = (await coordinate<{ task_id: string }>(KEYS.bob, 'POST', '/tasks', { payload: { prompt: 'mine' } })).task_id;
  expect([await seen(KEYS.bob), await seen(KEYS.ana)]).toEqual([[own], [task]]);
  expect([await claim(KEYS.bob), await claim(KEYS.ops)]).toEqual([[own], [task]]);
});

test("every route with every id of another tenant's: nothing of it is told, nothing of it is changed", async () => {
  const wrong: string[] = [];
  const ids = [job, pod, task, agent, MARK, `${MARK}-1`, `${MARK}-key`];
  for (const key of [KEYS.bob, KEYS['read:jobs'], KEYS['write:jobs'], KEYS['context:read'], KEYS['llm:invoke'], KEYS.admin, KEYS.peer]) {
    for (const route of world.routes) {
      // The pool is shared; its end is no secret. An open stream is looked at below.
      if (/\/pool|stream/.test(route.path) || route.scope === null || route.scope === 'admin') continue;
      for (const id of ids) {
        const members = {
          pod_id: id,
          job_id: id,
          feature: id,
          task_id: 'T001',
          run: id,
          job: id,
          source: id,
          id,
          model: 'm',
          reason: 'x',
          status: 'done',
        };
        const asked = Object.fromEntries(Object.entries(members).filter(([name]) => route.members !== null && name in route.members));
        const query = route.query.filter((name) => !/topK|limit|success|cursor|mode|status|privacy|task_type|wait|from/.test(name));
        const search = query.length === 0 ? '' : `?${query.map((name) => `${name}=${name === 'q' ? 'stands here' : id}`).join('&')}`;
        const answer = await world.ask(
          key,
          route.method,
          fill(route.path, id) + search,
          route.members === null ? undefined : JSON.stringify(asked),
        );
        const text = await answer.text();
        // What was asked may be said again, by an error.
        const told = answer.status < 400 ? text : text.replaceAll(id, '').replaceAll(MARK, '');
        if (told.includes(MARK) || told.includes(job) || told.includes(task) || (answer.status < 300 && route.path.includes('{')))
          wrong.push(`${route.method} ${route.path} ${id} as ${key}: ${answer.status} ${text.slice(0, 160)}`);
        if (route.path === '/v1/models') break;
      }
    }
  }
  expect(wrong).toEqual([]);
  const view = (await (await world.ask(KEYS.ana, 'GET', `/v1/jobs/${job}`)).json()) as { status: string; stopping: boolean };
  expect([['scheduled', 'running'].includes(view.status), view.stopping]).toEqual([true, false]);
  expect(await (await world.ask(KEYS.ana, 'GET', `/v1/context/search?q=${MARK}`)).text()).toContain(`the ${MARK}`);
});

test("another tenant's stream and one that is not there are answered alike, over every way in", async () => {
  for (const id of [job, pod]) {
    const { status, body } = await Reader.refused(`${world.policyd.url}/stream/${id}`, bearer(KEYS.bob));
    const none = await Reader.refused(`${world.policyd.url}/stream/${id.replace(/^./, '0')}x`, bearer(KEYS.bob));
    expect([status, body.error.code]).toEqual([none.status, none.body.error.code]);
    expect(status).toBe(404);
    for (const path of [`/stream/${id}`, `/v1/stream?streams=${id}`])
      expect((await world.ask(KEYS.bob, 'GET', path, undefined, { accept: 'text/event-stream' })).status).toBe(404);
  }
});

test('the same Idempotency-Key of two tenants is two keys', async () => {
  const body = JSON.stringify({ name: 'other', command: ['/bin/true'], resources: { cpu: 0.01, memory: '8MiB' } });
  const answer = await world.ask(KEYS.bob, 'POST', '/schedule', body, { 'idempotency-key': `${MARK}-key` });
  expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([202, null]);
  expect(((await answer.json()) as { job_id: string }).job_id).not.toBe(job);
});

test('no tenant reads budgets, decisions, audit or the policy', async () => {
  const routes = world.routes.filter(({ scope }) => scope === 'admin');
  expect(routes.length).toBeGreaterThan(10);
  for (const { method, path, members } of routes) {
    const answer = await world.ask(KEYS.bob, method, fill(path, job), members === null ? undefined : '{}');
    expect([method, path, answer.status]).toEqual([method, path, 403]);
  }
});
