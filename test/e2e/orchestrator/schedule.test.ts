import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { plant } from '../plant.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Policyd, until, writeArtifact } from '../policyd.ts';
import { MarkFile } from './mark-file.ts';
import { callerOf, policyOf, type Refusal, type Told } from './workloads-api.ts';

// Many things share this machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const KEYS = `
keys:
  red: { sha256: "${hash('red')}", scopes: [read:jobs, write:jobs] }
  blue: { sha256: "${hash('blue')}", scopes: [read:jobs, write:jobs] }
  reader: { sha256: "${hash('reader')}", scopes: [read:jobs] }
  chatter: { sha256: "${hash('chatter')}", scopes: [llm:invoke] }
  operator: { sha256: "${hash('operator')}", scopes: [read:jobs, write:jobs, admin] }
`;
const SMALL = { cpu: 0.01, memory: '4MiB' };
const ROOMY = ['--node-capacity', 'cpu=64,memory=16GiB'];

let marks: MarkFile;
beforeEach(() => {
  marks = new MarkFile();
});
afterEach(() => marks.remove());

describe('a server without keys', () => {
  let policyd: Policyd;
  const caller = callerOf(() => policyd);
  beforeAll(async () => {
    policyd = await Policyd.start(policyOf(), { args: ROOMY });
  });
  afterAll(() => policyd.stop());

  test('a workload is accepted, runs, and ends with its exit code; its stream tells all of it', async () => {
    const { status, headers, body } = await caller.schedule({
      name: 'hello',
      command: marks.command('hello', 'echo one; echo two >&2; exit 3'),
      env: { GREETING: 'hi' },
    });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${body.job_id}`);
    expect(body).toMatchObject({ status: 'scheduled', placement: { node: 'local', kind: 'local', excluded: [] }, reasons: [] });
    const view = await caller.end(body.job_id);
    expect(view).toMatchObject({ name: 'hello', status: 'failed', exit_code: 3, attempts: 1, pod_id: `${body.job_id}-1`, caller: null });
    expect(view.workload).toMatchObject({ env: ['GREETING'], resources: { cpu_millis: 100, memory_bytes: 134_217_728, gpus: 0 } });
    expect(marks.counts.get('hello')).toBe(1);
    const frames = await readStream(policyd, body.job_id);
    const words = frames.filter(({ type }) => type === 'log').map(({ payload }) => payload.text);
    expect(words.join('').split('\n').toSorted()).toEqual(['', 'one', 'two']);
    expect(frames[0]).toMatchObject({ type: 'status', payload: { status: 'scheduled' } });
    expect(frames.at(-1)).toMatchObject({ type: 'error', payload: { status: 'failed', exit_code: 3, attempts: 1 } });
  });

  test('one that fails is tried again as often as it says, one that takes too long is ended', async () => {
    const [failing, slow] = [
      await caller.schedule({ name: 'failing', command: marks.command('failing', 'exit 1'), retries: 2 }),
      await caller.schedule({ name: 'slow', command: marks.command('slow', 'sleep 600'), timeout: '1s' }),
    ];
    const view = await caller.end(failing.body.job_id);
    expect(view).toMatchObject({ status: 'failed', exit_code: 1, attempts: 3 });
    expect(view.runs.map(({ phase }) => phase)).toEqual(['failed', 'failed', 'failed']);
    expect(marks.counts.get('failing')).toBe(3);
    expect(await caller.end(slow.body.job_id)).toMatchObject({ status: 'failed', reason: expect.stringContaining('timeout'), attempts: 1 });
  });

  test('a program that is not there fails with the reason, and is not tried for ever', async () => {
    const { body } = await caller.schedule({ name: 'missing', command: ['/no/such/program'] });
    expect(await caller.end(body.job_id)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/no.such.program|127|not found/i),
    });
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['name']],
    ['no body', undefined, ['name']],
    ['neither image nor command', { name: 'a' }, ['command']],
    ['arguments of nothing', { name: 'a', image: 'i', args: ['x'] }, ['args']],
    ['a name that is no label', { name: 'A_b', command: ['x'] }, ['name']],
    ['a name that is too long', { name: 'a'.repeat(64), command: ['x'] }, ['name']],
    ['what there is not', { name: 'a', command: ['x'], resources: { cores: 1 }, priority: 1 }, ['priority', 'resources.cores']],
    [
      'amounts that are none',
      { name: 'a', command: ['x'], resources: { cpu: '1k', memory: '1 parsec' } },
      ['resources.cpu', 'resources.memory'],
    ],
    [
      'amounts out of bounds',
      { name: 'a', command: ['x'], resources: { cpu: 0, memory: 1, gpu: -1 } },
      ['resources.cpu', 'resources.gpu', 'resources.memory'],
    ],
    [
      'a shape and an amount',
      { nam: 'a', comand: ['x'], resources: { cpu: 'lots', memory: [] }, timeout: 'soon' },
      ['comand', 'nam', 'name', 'resources.cpu', 'resources.memory', 'timeout'],
    ],
    ['amounts below the least', { name: 'a', command: ['x'], resources: { cpu: 0, memory: 1 } }, ['resources.cpu', 'resources.memory']],
    ['a time that is none', { name: 'a', command: ['x'], timeout: 'soon' }, ['timeout']],
    ['too many retries', { name: 'a', command: ['x'], retries: 101 }, ['retries']],
    ['a privacy that is none', { name: 'a', command: ['x'], privacy: 'secret' }, ['privacy']],
    ['a zero byte', { name: 'a', command: ['x\0y'], env: { B: '\0' } }, ['command', 'env.B']],
    ['a label that is none', { name: 'a', command: ['x'], labels: { ok: 'no/slash' } }, ['labels.ok']],
    ['a task with a path', { name: 'a', command: ['x'], task: { feature: '../up', id: 'T001' } }, ['task.feature']],
    ['a context without a query', { name: 'a', command: ['x'], context: {} }, ['context.query']],
    [
      'variables and arguments of 100 KiB',
      { name: 'a', command: ['x'], env: { A: 'x'.repeat(30_000), B: 'x'.repeat(30_000), C: 'x'.repeat(30_000), D: 'x'.repeat(20_000) } },
      ['command'],
    ],
  ])('%s: 422 with every field, and nothing is accepted', async (_, body, paths) => {
    const { status, body: answer } = await caller.post<{ error: { code: string }; fields: { path: string }[] }>('/schedule', body);
    expect(status).toBe(422);
    expect(answer.error.code).toBe('bad_value');
    expect(answer.fields.map(({ path }) => path).toSorted()).toEqual(paths);
    expect((await caller.get<{ items: unknown[] }>('/v1/jobs?name=a')).body.items).toEqual([]);
  });

  test('no answer and no log repeats a variable or an argument', async () => {
    const secret = 'a-secret-that-nobody-repeats';
    const bad = await caller.post('/schedule', {
      name: 'a',
      command: [5, secret],
      env: { TOKEN: { secret }, 'bad name': secret, B: `${secret}\0` },
    });
    expect(bad.status).toBe(422);
    const good = await caller.schedule({ name: 'quiet', command: ['/bin/true'], env: { TOKEN: secret } });
    await caller.end(good.body.job_id);
    const view = await caller.get(`/v1/jobs/${good.body.job_id}`);
    for (const text of [JSON.stringify(bad.body), JSON.stringify(view.body), policyd.output]) expect(text).not.toContain(secret);
  });

  test('a key and its body are one workload; another body is refused; in flight is said', async () => {
    const asked = { name: 'once', command: marks.command('once'), resources: SMALL };
    const answers = await Promise.all(Array.from({ length: 50 }, () => caller.schedule(asked, 'the-key')));
    const [first, ...others] = answers
      .filter(({ status }) => status === 202)
      .toSorted((one, other) => Number(one.headers.has('idempotent-replayed')) - Number(other.headers.has('idempotent-replayed')));
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    for (const other of others) expect([other.headers.get('idempotent-replayed'), other.body]).toEqual(['true', first.body]);
    const early = answers.filter(({ status }) => status !== 202);
    for (const { status, body, headers } of early)
      expect([status, body.error.code, headers.get('retry-after')]).toEqual([409, 'idempotency_key_in_flight', '1']);
    expect(early.length).toBeGreaterThan(0);
    await caller.end(first.body.job_id);
    // The order of members is no difference; word for word the same answer after the end, too.
    const again = await caller.schedule({ resources: SMALL, command: asked.command, name: 'once' }, 'the-key');
    expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([202, 'true', first.body]);
    const other = await caller.schedule({ ...asked, name: 'twice' }, 'the-key');
    expect([other.status, other.body.error.code, other.body.fields]).toEqual([
      422,
      'idempotency_key_reused',
      [{ path: 'Idempotency-Key', message: expect.any(String) }],
    ]);
    expect(marks.counts.get('once')).toBe(1);
  });

  test('1,000 schedules at once under 100 keys make exactly 100 jobs, each of which runs once', async () => {
    const ids = new Map<string, Set<string>>();
    const created: string[] = [];
    await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const key = `many-${i % 100}`;
        const { status, body, headers } = await caller.insist({ name: 'many', command: marks.command(key), resources: SMALL }, key);
        expect(status).toBe(202);
        ids.set(key, (ids.get(key) ?? new Set()).add(body.job_id));
        if (headers.get('idempotent-replayed') === null) created.push(body.job_id);
      }),
    );
    expect(ids.size).toBe(100);
    for (const [key, set] of ids) expect(set.size, key).toBe(1);
    expect(created).toHaveLength(100);
    for (const [id] of ids.values()) expect(await caller.end(id!, 240_000)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect([...marks.counts.values()]).toEqual(Array.from({ length: 100 }, () => 1));
  }, 300_000);

  test('what no node can ever take is refused with the reasons of every node', async () => {
    const big = await caller.schedule({ name: 'big', command: ['x'], resources: { cpu: 1_000, memory: '1TiB' } });
    expect([big.status, big.body.error.code]).toEqual([409, 'no_node']);
    expect(reasonsOf(big)).toEqual([
      ['local', 'cpu'],
      ['local', 'memory'],
    ]);
    const far = await caller.schedule({ name: 'far', command: ['x'], node_labels: { continent: 'asia' } });
    expect([far.status, reasonsOf(far)]).toEqual([409, [['local', 'labels']]]);
    const image = await caller.schedule({ name: 'image', image: 'busybox' });
    expect([image.status, reasonsOf(image)]).toEqual([409, [['local', 'form']]]);
  });
});

test('quotas hold for 1,000 callers at once, per key, and come back with the end', async () => {
  const policyd = await Policyd.start(policyOf('quotas: { jobs_per_token: 7, cpu: 1 }') + KEYS, { args: ROOMY });
  try {
    const [red, blue] = [callerOf(() => policyd, 'red'), callerOf(() => policyd, 'blue')];
    const asked = { name: 'long', command: marks.command('long', 'sleep 600'), resources: SMALL };
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => red.schedule(asked)));
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 409);
    expect([accepted.length, refused.length]).toEqual([7, 993]);
    expect(refused[0].body).toMatchObject({
      error: { code: 'quota_exceeded' },
      reasons: [{ code: 'jobs_per_token', limit: 7, held: 7, asked: 1 }],
    });
    // Another caller has its own.
    const wide = await blue.schedule({ ...asked, resources: { cpu: 2 } });
    expect(wide.body.reasons).toEqual([{ code: 'cpu', limit: 1_000, held: 0, asked: 2_000 }]);
    expect((await blue.schedule({ ...asked, command: ['/bin/true'] })).status).toBe(202);
    // Others' jobs are not there for a caller; the operator sees all.
    const id = accepted[0].body.job_id;
    expect((await blue.get(`/v1/jobs/${id}`)).status).toBe(404);
    expect((await blue.post(`/v1/jobs/${id}/cancel`, {})).status).toBe(404);
    expect((await blue.post('/evict', { pod_id: `${id}-1`, reason: 'x' })).status).toBe(404);
    expect((await callerOf(() => policyd, 'operator').job(id)).caller).toBe('red');
    // What ends gives back, however it ends.
    for (const { body } of accepted) expect([200, 202]).toContain((await red.post(`/v1/jobs/${body.job_id}/cancel`, {})).status);
    for (const { body } of accepted) expect(await red.end(body.job_id)).toMatchObject({ status: 'cancelled' });
    expect((await red.schedule({ ...asked, command: ['/bin/true'] })).status).toBe(202);
  } finally {
    await policyd.stop();
  }
}, 180_000);

test('who may not is told so: no key 401, another scope 403', async () => {
  const policyd = await Policyd.start(policyOf() + KEYS);
  const asked = { name: 'a', command: ['/bin/true'] };
  try {
    for (const [key, path, status] of [
      [undefined, '/schedule', 401],
      ['nobody', '/schedule', 401],
      ['reader', '/schedule', 403],
      ['chatter', '/schedule', 403],
      ['reader', '/evict', 403],
      ['reader', '/v1/jobs/x/cancel', 403],
    ] as const) {
      expect((await callerOf(() => policyd, key).post(path, asked)).status, `${key} ${path}`).toBe(status);
    }
    for (const path of ['/pods', '/v1/nodes', '/v1/jobs', '/v1/jobs/x']) {
      expect((await callerOf(() => policyd, 'chatter').get(path)).status, path).toBe(403);
      expect((await callerOf(() => policyd).get(path)).status, path).toBe(401);
    }
    // The same key of two callers is two workloads.
    const [red, blue] = [
      await callerOf(() => policyd, 'red').schedule(asked, 'k'),
      await callerOf(() => policyd, 'blue').schedule(asked, 'k'),
    ];
    expect([red.status, blue.status, red.body.job_id === blue.body.job_id]).toEqual([202, 202, false]);
  } finally {
    await policyd.stop();
  }
});

test('where there is no room it waits, with the reasons, and goes in order when there is', async () => {
  const policyd = await Policyd.start(policyOf(), { args: ['--node-capacity', 'cpu=1,memory=1GiB'] });
  const caller = callerOf(() => policyd);
  const asked = (mark: string, cpu: number, then = 'sleep 0.2') => ({
    name: mark,
    command: marks.command(mark, then),
    resources: { cpu, memory: '4MiB' },
  });
  try {
    const first = await caller.schedule(asked('first', 1, 'sleep 600'));
    expect(first.body.status).toBe('scheduled');
    const waiting: Told[] = [];
    for (const [name, cpu] of [
      ['a', 1],
      ['b', 0.5],
      ['c', 1],
      ['d', 0.5],
    ] as const)
      waiting.push((await caller.schedule(asked(name, cpu))).body);
    for (const { status, placement, reasons } of waiting)
      expect([status, placement, reasons[0]]).toMatchObject(['pending', null, { node: 'local', filter: 'cpu' }]);
    expect(marks.counts.size).toBeLessThanOrEqual(1);
    await caller.post(`/v1/jobs/${waiting[2].job_id}/cancel`, { reason: 'not wanted' });
    expect(await caller.end(waiting[2].job_id)).toMatchObject({ status: 'cancelled', reason: 'not wanted', attempts: 0 });
    await caller.post(`/v1/jobs/${first.body.job_id}/cancel`, {});
    const ends = await Promise.all([0, 1, 3].map((row) => caller.end(waiting[row].job_id)));
    for (const view of ends) expect(view.status).toBe('succeeded');
    // `a` needs all of it, so that nobody passes it.
    const starts = ends.map(({ started_at }) => Date.parse(started_at!));
    expect(starts[0]).toBeLessThan(Math.min(starts[1], starts[2]));
    expect(marks.counts.has('c')).toBe(false);
  } finally {
    await policyd.stop();
  }
}, 120_000);

test('new rules hold for what is asked from then on; restricted workloads go only where they may', async () => {
  const policyd = await Policyd.start(policyOf('placement: { restricted_labels: { zone: restricted } }'), {
    args: [...ROOMY, '--node-labels', 'zone=open'],
  });
  const caller = callerOf(() => policyd);
  const asked = { name: 'a', command: ['/bin/true'], privacy: 'restricted', resources: SMALL };
  try {
    const refused = await caller.schedule(asked);
    expect([refused.status, refused.body.reasons]).toMatchObject([409, [{ code: 'privacy', node: 'local' }]]);
    await policyd.rewrite(policyOf('placement: { restricted_labels: { zone: open } }'));
    await until(async () => (await caller.schedule(asked)).status === 202, 'the new rules');
  } finally {
    await policyd.stop();
  }
});

test('an artifact from before there were rules of workloads runs none', async () => {
  const home = mkdtempSync(join(tmpdir(), 'policyd-old-'));
  writeArtifact(join(home, 'generated'), await plant(policyOf(), 'const { workloads: _, ...old } = made; return old;'));
  const policyd = await Policyd.run(home, join(home, 'generated'));
  try {
    const { status, body } = await callerOf(() => policyd).schedule({ name: 'a', command: ['/bin/true'] });
    expect([status, body.error.code, body.error.message]).toEqual([409, 'no_workload_rules', expect.stringContaining('policyc compile')]);
  } finally {
    await policyd.stop();
    rmSync(home, { recursive: true, force: true });
  }
});

/** Codes and nodes of a refusal. */
function reasonsOf({ body }: { body: Refusal }): unknown[] {
  return body.reasons!.map(({ code, node }) => [node, code]);
}

interface Frame {
  readonly type: string;
  readonly payload: Record<string, unknown> & { text: string };
}

/** All frames of a stream that has ended. */
async function readStream(policyd: Policyd, id: string): Promise<readonly Frame[]> {
  return until(
    async () => {
      const answer = await fetch(`${policyd.url}/stream/${id}?from=1`, {
        headers: { accept: 'text/event-stream' },
        signal: AbortSignal.timeout(10_000),
      }).catch(() => null);
      if (answer === null) return null;
      if (!answer.ok) return null;
      const text = await answer.text().catch(() => '');
      const frames = text
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => JSON.parse(line.slice(6)) as Frame & { seq?: number });
      const stored = frames.filter(({ seq }) => seq !== undefined);
      return stored.some(({ type }) => type === 'result' || type === 'error') ? stored : null;
    },
    'the end of the stream',
    60_000,
  );
}
