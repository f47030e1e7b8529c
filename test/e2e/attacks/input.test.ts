import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ApiDocument, openCheck } from '../check-answer.ts';
import { fill, KEYS, type Route, World } from './world.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

/** Of /proc: a hundredth of a second. */
const TICK = 10;

let world: World;
let judge: ReturnType<typeof openCheck>;
beforeAll(async () => {
  world = await World.start();
  judge = openCheck(await world.policyd.get<ApiDocument>('/openapi.json'));
});
afterAll(() => world.stop());

/** Of somebody who may. */
const keyOf = ({ scope }: Route): string | null => (scope === null ? null : scope === 'peer' ? KEYS.peer : KEYS.ops);
/** Routes that change the world of the others: their pool, their policy. */
const takers = (): Route[] => world.routes.filter(({ method }) => method !== 'GET');
/** What a route would take, so that what is wrong is what the test made wrong. */
const GOOD: Readonly<Record<string, unknown>> = {
  model: 'm',
  messages: [{ role: 'user', content: 'hello' }],
  input: 'hello',

  max_tokens: 5,
};
const MODELS = /^\/(v1\/(chat|embeddings|responses|messages|route)|api\/(chat|generate|embed)$)/;
const baseOf = ({ path }: Route): Record<string, unknown> => (MODELS.test(path) ? structuredClone(GOOD) : {});

interface Told {
  readonly status: number;
  readonly text: string;
  /** What is wrong with the answer whatever was asked; null = nothing. */
  readonly wrong: string | null;
}

async function tell(route: Route, query = '', body?: string | Buffer, headers: Record<string, string> = {}, value = 'x'): Promise<Told> {
  const leave = new AbortController();
  const path = fill(route.path, value);
  const answer = await fetch(world.policyd.url + path + query, {
    method: route.method,
    headers: {
      ...(keyOf(route) === null ? {} : { authorization: `Bearer ${keyOf(route)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body as never }),
    signal: leave.signal,
  });
  const { status } = answer;
  const type = answer.headers.get('content-type')?.split(';')[0].trim() ?? null;
  if (type === 'text/event-stream') {
    leave.abort();
    return { status, text: '', wrong: null };
  }
  const text = await answer.text();
  const said = type === 'application/json' ? (JSON.parse(text) as unknown) : undefined;
  const shape = path.startsWith('/mcp') ? null : judge({ method: route.method, path, status, type, body: said });
  // 503 is said by the pool that was shut down, and where no target is left.
  const wrong = (status >= 500 && status !== 503) || /unexpected error/.test(text) ? `${status} ${text.slice(0, 160)}` : shape;
  return { status, text, wrong };
}

/** What a plain request gets, in words that do not change between two of them. */
async function looksPlain(): Promise<unknown> {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await world.ask(KEYS.ops, method, path, body === undefined ? undefined : JSON.stringify(body));
    const said = (await answer.json()) as Record<string, unknown>;
    for (const name of ['id', 'request_id', 'created']) delete said[name];
    return [answer.status, JSON.stringify(said, (name, value) => (/request_id|_at$|trace|_ms$|micros/.test(name) ? null : value))];
  };
  return [
    await ask('POST', '/v1/chat/completions', { model: 'm', messages: GOOD.messages }),
    await ask('POST', '/v1/chat/completions', { model: 'polluted', messages: GOOD.messages }),
    await ask('GET', '/v1/models'),
    await ask('POST', '/schedule', {}),
    await ask('GET', '/v1/jobs/polluted'),
    await ask('GET', '/v1/context/search?q=polluted'),
  ];
}

/** As they come over the wire: a literal of JavaScript would set the prototype. */
const EVIL = '{"polluted":1,"model":"polluted","status":200,"__proto__":{"polluted":2}}';
const PROTOTYPES = [
  `"__proto__":${EVIL}`,
  `"constructor":{"prototype":${EVIL}}`,
  `"prototype":${EVIL}`,
  '"hasOwnProperty":1',
  '"toString":null',
];
const NAMES = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__'];

test('members of prototypes, in bodies, queries, headers, paths, names and maps: no failure, and nothing of it stays', async () => {
  const before = await looksPlain();
  const wrong: string[] = [];
  const look = (what: string, { wrong: found }: Told): void => {
    if (found !== null) wrong.push(`${what}: ${found}`);
  };
  for (const route of world.routes) {
    const what = `${route.method} ${route.path}`;
    for (const name of NAMES) {
      look(`${what} path ${name}`, await tell(route, '', route.method === 'GET' ? undefined : '{}', {}, name));
      const searches = [
        `?${name}=1`,
        `?${name}[polluted]=1`,
        `?${name}.polluted=1`,
        ...route.query.map((own) => `?${own}=${name}&${own}[${name}]=1`),
      ];
      for (const search of searches) look(what + search, await tell(route, search, route.method === 'GET' ? undefined : '{}'));
    }
    const headers = Object.fromEntries(
      [...route.headers, 'x-nexus-privacy', 'traceparent', 'idempotency-key'].map((own) => [own, '__proto__']),
    );
    look(`${what} headers`, await tell(route, '', route.method === 'GET' ? undefined : '{}', headers));
    if (route.method === 'GET') continue;
    const base = JSON.stringify(baseOf(route)).slice(1, -1);
    const bodies = PROTOTYPES.map((member) => `{${[base, member].filter((part) => part !== '').join(',')}}`);
    for (const own of Object.keys(route.members ?? {})) {
      for (const name of NAMES) bodies.push(JSON.stringify({ ...baseOf(route), [own]: name }));
      for (const member of PROTOTYPES) bodies.push(`{"${own}":{${member}}}`, `{"${own}":[{${member}}]}`);
    }
    for (const body of bodies) look(`${what} ${body.slice(0, 120)}`, await tell(route, '', body));
  }
  expect(wrong).toEqual([]);
  expect(await looksPlain()).toEqual(before);
});

test('a workload whose labels, variables and task are named like members of prototypes is what it says, and no more', async () => {
  const maps = '{"__proto__":"a","constructor":"b","toString":"c"}';
  for (const member of ['env', 'labels', 'node_labels', 'task', 'resources', 'context']) {
    const answer = await world.ask(KEYS.ops, 'POST', '/schedule', `{"name":"p","command":["/usr/bin/env"],"${member}":${maps}}`);
    const text = await answer.text();
    expect([member, answer.status < 500, text.includes('unexpected')], text).toEqual([member, true, false]);
    if (answer.status !== 202) expect(text).toContain(member);
  }
  const task = `{"task_type":"general","payload":{"__proto__":{"model":"polluted"},"constructor":{"prototype":{"prompt":"x"}}}}`;
  const submitted = await world.ask(KEYS.ops, 'POST', '/api/coordination/tasks', task);
  expect(submitted.status).toBeLessThan(500);
});

test('parameters that come twice, as lists, empty, long or in no encoding: no failure', async () => {
  const wrong: string[] = [];
  const look = (what: string, { wrong: found }: Told): void => {
    if (found !== null) wrong.push(`${what}: ${found}`);
  };
  for (const route of world.routes) {
    const names = [...route.query, 'limit', 'unknown'];
    const searches = names.flatMap((name) => [
      `?${name}=1&${name}=2`,
      `?${name}[]=1`,
      `?${name}[]`,
      `?${name}[0]=1&${name}[1]=2`,
      `?${name}=`,
      `?${name}`,
      `?${name}=%00`,
      `?${name}=%ff%fe`,
      `?${name}=%`,
      `?${name}=1e999`,
      `?${name}=-1`,
      `?${name}=99999999999999999999`,
      `?${name}=NaN`,
      `?${name}=${'9'.repeat(4_000)}`,
      `?${name}=%0d%0aset-cookie:%20a=b`,
      `?${name}=${encodeURIComponent('\u202e💥')}`,
    ]);
    searches.push('?', '?&&&', '?=', `?${'a=1&'.repeat(1_500)}`);
    for (const search of searches)
      look(`${route.method} ${route.path}${search.slice(0, 60)}`, await tell(route, search, route.method === 'GET' ? undefined : '{}'));
  }
  expect(wrong).toEqual([]);
});

test('bodies that are no object of JSON, or of another type: every route says what is wrong', async () => {
  const wrong: string[] = [];
  const broken: Readonly<Record<string, string | Buffer>> = {
    half: '{',
    'half a member': '{"a":',
    'half a list': '[1,2',
    two: '{}{}',
    word: 'undefined',
    quotes: "{'a':1}",
    NaN: '{"a":NaN}',
    mark: '\ufeff{}',
    'NUL inside': '{"a":1}\0',
    'invalid UTF-8': Buffer.from('{"model":"\xff\xfe","name":"\xc3\x28"}', 'latin1'),
    list: '[]',
    text: '"x"',
    number: '1',
    yes: 'true',
  };
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', 'x'];
  for (const route of takers().filter(({ members }) => members !== null)) {
    const what = `${route.method} ${route.path}`;
    for (const [name, body] of Object.entries(broken)) {
      const { status, text, wrong: found } = await tell(route, '', body);
      if (found !== null || status < 400 || status >= 500) wrong.push(`${what} ${name}: ${status} ${found ?? text.slice(0, 100)}`);
    }
    for (const type of types) {
      const { status, wrong: found } = await tell(route, '', JSON.stringify({ ...GOOD }), { 'content-type': type });
      if (found !== null || status < 400 || status >= 500) wrong.push(`${what} as ${type}: ${status} ${found}`);
    }
    for (const body of ['', 'null']) {
      const { wrong: found } = await tell(route, '', body);
      if (found !== null) wrong.push(`${what} ${body}: ${found}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('members of a wrong type, size or content: 4xx that names the member', async () => {
  const wrong: string[] = [];
  const values: Readonly<Record<string, readonly string[]>> = {
    string: ['null', 'true', '0', '-1', '1e999', '[]', '{}', '[["a"]]', '{"a":{}}', `1${'0'.repeat(10_000)}`],
    number: ['null', 'true', '"x"', '"1"', '[]', '{}', '1e999', '"\\u0000"'],
    boolean: ['null', '0', '"true"', '[]', '{}'],
    array: ['null', 'true', '0', '"x"', '{}', '{"0":"a","length":1}'],
    object: ['null', 'true', '0', '"x"', '[]', '[{}]'],
  };
  for (const route of takers().filter(({ members }) => members !== null)) {
    for (const [member, { type = 'any' }] of Object.entries(route.members!)) {
      const known = values[type === 'integer' ? 'number' : type];
      const all = [...new Set(Object.values(values).flat())];
      for (const value of all) {
        const body = JSON.stringify(baseOf(route)).slice(1, -1);
        const { [member]: _, ...rest } = baseOf(route);
        const sent = body === '' ? `{"${member}":${value}}` : `${JSON.stringify(rest).slice(0, -1)},"${member}":${value}}`;
        const { status, text, wrong: found } = await tell(route, '', sent);
        const what = `${route.method} ${route.path} ${sent.slice(0, 140)}`;
        if (found !== null) wrong.push(`${what}: ${found}`);
        // Null is as good as nothing to models; a canary that is not there is told first.
        else if ((MODELS.test(route.path) && (value === 'null' || route.path === '/api/embed')) || status === 409) continue;
        else if (known?.includes(value) && !(status >= 400 && status < 500 && text.includes(member)))
          wrong.push(`${what}: ${status} ${text.slice(0, 120)}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('bodies that are deep, wide or long: 4xx, and less than a second of the server', async () => {
  const wide = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;
  const bodies: Readonly<Record<string, string>> = {
    'lists 100,000 deep': '['.repeat(100_000) + ']'.repeat(100_000),
    'objects 100,000 deep': `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    'a member 100,000 deep': `{"payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    '100,000 members': wide(100_000),
    '700,000 members': wide(700_000),
    '700,000 members of many': `{"a":[${Array.from({ length: 70 }, (_, at) => wide(10_000).replaceAll('k', `k${at}_`)).join(',')}]}`,
    'the same member 100,000 times': `{${'"a":1,'.repeat(100_000)}"a":1}`,
    'a list of a million': `{"a":[${'1,'.repeat(1_000_000)}1]}`,
    'a number of a million digits': `{"model":1${'0'.repeat(1_000_000)}}`,
    'a name of 5 MB': `{"${'n'.repeat(5_000_000)}":1}`,
    'a value of 5 MB': `{"model":"${'x'.repeat(5_000_000)}","name":"${'x'.repeat(1_000)}"}`,
    'quotes and backslashes': `{"model":"${'\\\\\\"'.repeat(1_000_000)}"}`,
  };
  const spent = (): number => {
    const [user, system] = readFileSync(`/proc/${world.policyd.process.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
    return (Number(user) + Number(system)) * TICK;
  };
  const wrong: string[] = [];
  for (const route of takers().filter(({ members }) => members !== null)) {
    for (const [name, body] of Object.entries(bodies)) {
      // Time of the processor, which a neighbour does not take: the least of some, since collections and compilers work at it, too.
      let least = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < 3 && least >= 1_000; tries++) {
        const before = spent();
        const { status, text, wrong: found } = await tell(route, '', body);
        least = Math.min(least, spent() - before);
        if (found !== null || status < 400 || status >= 500) wrong.push(`${route.method} ${route.path} ${name}: ${status} ${found}`);
        if (text.length > 65_536) wrong.push(`${route.method} ${route.path} ${name}: is answered with ${text.length} characters`);
      }
      if (least >= 1_000) wrong.push(`${route.method} ${route.path} ${name}: ${least} ms of the processor`);
    }
  }
  expect(wrong).toEqual([]);
  expect((await world.ask(null, 'GET', '/health')).status).toBe(200);
});

test('what was asked by all of them left no failure in the log', () => {
  expect(world.policyd.output.match(/internal_error|unexpected error|invariant/g)).toBeNull();
});
