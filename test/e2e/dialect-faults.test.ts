import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLER_NAMES, CALLERS, type CallerName } from '../callers/callers.ts';
import type { Heard } from '../callers/caller.ts';
import { type Script, ScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { FAULTS, ODDITIES, type Spoil, spoil } from '../upstreams/spoil.ts';
import { Policyd } from './policyd.ts';

/** Every caller's API against a backend of every dialect that goes wrong in every way: a right answer, or a right error, and one end. */
const TYPES = ['generic', 'openai', 'anthropic', 'google', 'ollama'] as const;
type Type = (typeof TYPES)[number];
const SPOILS: readonly Spoil[] = [...ODDITIES, ...FAULTS];
const MEANING = {
  text: 'Grüße aus dem Süden 🌞 und «tschüss» "gesagt"',
  calls: [{ name: 'weather', arguments: '{"city":"Köln","days":[1,2]}' }],
};
const KINDS = CALLER_NAMES.flatMap((caller) => [true, false].map((stream) => ({ caller, stream })));
const NEXUS = ['x-nexus-backend-type', 'x-nexus-route-reason', 'x-nexus-privacy-zone', 'x-nexus-policy', 'x-request-id'];

let upstream: ScriptedUpstream;
let policyd: Policyd;
/** What was sent, by request. */
const sent = new Map<string, Script>();

beforeAll(async () => {
  upstream = await ScriptedUpstream.start((call) => {
    const what = /spoil:([\w-]+)/.exec(call.body.toString())![1] as Spoil;
    const script = spoil(call, MEANING, what);
    sent.set(String(call.headers['x-request-id']), script);
    return script;
  });
  const backends = TYPES.map((type) => {
    const models = KINDS.map(({ caller, stream }) => `${modelOf(type, caller, stream)}: { price: free }`).join(', ');
    const url = `${upstream.url}${type === 'generic' || type === 'openai' ? '/v1' : `/${type}`}`;
    const key = type === 'generic' || type === 'ollama' ? '' : 'api_key_env: KEY, ';
    const timeouts = '{ connect: 1s, first_token: 700ms, idle: 700ms, total: 8s }';
    return `  ${type}: { type: ${type}, zone: open, ${key}url: "${url}", timeouts: ${timeouts}, models: { ${models} } }`;
  });
  policyd = await Policyd.start(`backends:\n${backends.join('\n')}\n`, {
    env: { KEY: 'sk-test' },
    args: ['--probe-interval', '60000', '--log-level', 'error'],
  });
});
afterAll(async () => {
  expect(await policyd.stop()).toBe(0);
  await upstream.stop();
});

/** Every kind of request has a target of its own, whose circuit the others do not open. */
function modelOf(type: Type, caller: CallerName, stream: boolean): string {
  return `${type}-${caller}-${stream ? 'stream' : 'whole'}`;
}

function wayOf(type: Type, caller: CallerName): 'pass' | 'native' | 'translate' {
  if (caller === 'chat') return type === 'generic' || type === 'openai' ? 'pass' : 'translate';
  const natives: Partial<Record<Type, CallerName>> = { openai: 'responses', anthropic: 'messages', ollama: 'ollama' };
  return natives[type] === caller ? 'native' : 'translate';
}

function expectWhole(heard: Heard, what: string): void {
  expect(heard, what).toMatchObject({
    text: MEANING.text,
    calls: MEANING.calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
    error: null,
  });
}

/** Something came, then an error, and nothing after it. */
function expectBroken(heard: Heard, what: string): void {
  expect(heard.terminals, what).toBe(1);
  expect(heard.error, what).toMatch(/./);
  expect(heard.text.length, what).toBeGreaterThan(0);
  expect(MEANING.text.startsWith(heard.text), `${what}: ${heard.text}`).toBe(true);
}

const STATUSES: Partial<Record<Spoil, number>> = {
  'status-400': 400,
  'status-404': 404,
  'status-429': 429,
  'status-500': 500,
  'status-529': 503,
  'status-compressed': 500,
  'status-html': 502,
  reset: 503,
  empty: 503,
  stall: 504,
};
/** Where bytes pass through, so does what is wrong with them, but for what ends a connection. */
const HEARD_AS_IT_IS: readonly Spoil[] = ['html', 'compressed', 'truncated', 'late-error', 'late-error-first'];

describe.each(TYPES)('a backend of type %s', (type) => {
  test.each(SPOILS)('%s', async (what) => {
    await Promise.all(KINDS.map(({ caller, stream }) => look(type, what, caller, stream)));
    // It serves on; and what failed is outweighed, so that the next case meets no open circuit.
    if (what === 'status-429') await new Promise((resolve) => setTimeout(resolve, 1_100));
    for (let times = 0; times < 2; times++) await Promise.all(KINDS.map(({ caller, stream }) => look(type, 'none', caller, stream)));
  });
});

async function look(type: Type, what: Spoil, name: CallerName, stream: boolean): Promise<void> {
  const caller = CALLERS[name];
  const way = wayOf(type, name);
  const place = `${name} ${stream ? 'streamed' : 'whole'}, ${way}`;
  const answer = await policyd.post(caller.path, caller.ask(modelOf(type, name, stream), `spoil:${what}`, stream));
  expect(answer.headers.get('x-nexus-backend'), place).toBe(type);
  for (const header of NEXUS) expect(answer.headers.get(header), `${place}: ${header}`).toBeTruthy();
  const isBroken = way !== 'translate' && !stream && (what === 'cut' || what === 'length-cut' || what === 'stall-mid');
  if (isBroken) {
    await expect(answer.text(), place).rejects.toThrow();
    return;
  }
  const text = await answer.text();
  const script = sent.get(answer.headers.get('x-request-id')!)!;
  const asSent = Buffer.concat([...script.pieces]).toString();
  const isOdd = (ODDITIES as readonly Spoil[]).includes(what);

  if (isOdd) {
    expect(answer.status, `${place}: ${text}`).toBe(200);
    if (way !== 'translate') expect(text, place).toBe(asSent);
    const heard = stream ? caller.hearStream(text, way === 'translate') : caller.hearWhole(text, way === 'translate');
    expectWhole(heard, place);
    expect(heard.terminals, place).toBe(what === 'after-end' && way !== 'translate' && stream ? 2 : 1);
    // Whoever answers says its own name, where its API has a word for it.
    const served = type === 'generic' || type === 'openai' ? 'gpt-4o-2024-08-06' : modelOf(type, name, stream);
    if (way === 'translate') expect(heard.model, place).toBe(served);
    return;
  }
  const status = STATUSES[what];
  if (status !== undefined) {
    expect(answer.status, `${place}: ${text}`).toBe(status);
    if (way !== 'translate' && what.startsWith('status-') && status !== 503) {
      expect(what === 'status-compressed' ? /unreadable/.test(text) : text === asSent, `${place}: ${text}`).toBe(true);
      return;
    }
    expect(answer.headers.get('content-type'), place).toMatch(/^application\/json/);
    const words = caller.hearError(text);
    if (/^status-4|^status-500/.test(what)) expect(words, place).toContain('made up');
    return;
  }
  const isLateFirst = what === 'late-error-first';
  if (stream && (what === 'late-error' || what === 'truncated' || what === 'cut' || what === 'length-cut' || what === 'stall-mid')) {
    expect(answer.status, `${place}: ${text}`).toBe(200);
    const heard = caller.hearStream(text, way === 'translate');
    expectBroken(heard, `${place}: ${text}`);
    if (what === 'late-error') expect(heard.error, place).toContain('made up late');
    return;
  }
  if (way === 'native' && stream && (what === 'html' || what === 'compressed')) {
    expect(answer.status, place).toBe(503);
    caller.hearError(text);
    return;
  }
  if (way !== 'translate') {
    expect(HEARD_AS_IT_IS, place).toContain(what);
    expect(answer.status, place).toBe(200);
    if (what !== 'compressed') expect(text, place).toBe(asSent);
    if (isLateFirst && stream) expect(caller.hearStream(text, false).error, place).toContain('made up late');
    return;
  }
  // Nothing of it has reached the caller: it is told by a status.
  expect(answer.status, `${place}: ${text}`).toBeGreaterThanOrEqual(500);
  const words = caller.hearError(text);
  if (isLateFirst && stream && type !== 'generic') expect(words, place).toMatch(/made up late|overloaded/);
}
