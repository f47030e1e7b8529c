import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinThoughts, splitThoughts } from '../../../runtime/backends/anthropic/thought-id.ts';
import { DIALECTS } from '../../../runtime/backends/dialects.ts';
import { joinThought, splitThought } from '../../../runtime/backends/google/thought-id.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';
import type { BackendType } from '../../../schema/vocabulary.ts';
import { buildTarget } from './google-wire.ts';

const OF_GEMINI = joinThought('call_g1', 'c2lnbmF0dXJlLW9mLWEtdGhvdWdodA==');
const THOUGHTS = { at: 0, thoughts: [{ at: 0, block: { type: 'thinking', thinking: 'hm', signature: 'sig' } }] } as const;
const OF_CLAUDE = joinThoughts('toolu_01', THOUGHTS);
const LONG = 'chatcmpl-tool-0123456789abcdef0123456789abcdef';
const PASSING: readonly BackendType[] = ['openai', 'vllm', 'llamacpp', 'lmstudio', 'generic'];

function converse(ids: readonly string[], note = '__claude__ ü'): string {
  const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: JSON.stringify({ note }) } }));
  const results = ids.map((id) => ({ role: 'tool', tool_call_id: id, content: `what ${id} found: tool_call_id` }));
  return JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'go' }, { role: 'assistant', tool_calls: calls }, ...results] });
}

/** What goes over the wire, and the ids in it: of the calls, and of their results. */
function send(type: BackendType, ids: readonly string[], note?: string): { text: string; calls: string[]; results: string[] } {
  const call = DIALECTS[type].write('chat', readRequestBody('chat', Buffer.from(converse(ids, note))), buildTarget('m'), null);
  const text = call.body.toString();
  const { messages } = JSON.parse(text) as { messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[] };
  return {
    text,
    calls: messages.flatMap((message) => (message.tool_calls ?? []).map(({ id }) => id)),
    results: messages.flatMap((message) => message.tool_call_id ?? []),
  };
}

describe.each(PASSING)('%s', (type) => {
  test('thoughts of other dialects stay here; every other byte goes as it came', () => {
    const { text, calls, results } = send(type, [OF_GEMINI, 'call_2', OF_CLAUDE]);
    expect(calls).toEqual(['call_g1', 'call_2', 'toolu_01']);
    expect(results).toEqual(calls);
    expect(text).toBe(
      converse([OF_GEMINI, 'call_2', OF_CLAUDE])
        .replaceAll(`"id":"${OF_GEMINI}"`, '"id":"call_g1"')
        .replaceAll(`"tool_call_id":"${OF_GEMINI}"`, '"tool_call_id":"call_g1"')
        .replaceAll(`"id":"${OF_CLAUDE}"`, '"id":"toolu_01"')
        .replaceAll(`"tool_call_id":"${OF_CLAUDE}"`, '"tool_call_id":"toolu_01"'),
    );
  });

  test('where nothing has to change, nothing is copied', () => {
    const request = readRequestBody('chat', Buffer.from(converse(['call_1', 'call__2'])));
    expect(DIALECTS[type].write('chat', request, buildTarget('m'), null).body).toBe(request.buffer);
  });

  test('law: calls and results keep their pairs, whatever the ids', () => {
    const id = fc.oneof(fc.string({ minLength: 1, maxLength: 90 }), fc.constantFrom(OF_GEMINI, OF_CLAUDE, LONG, '__thought__c2ln'));
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1, maxLength: 6 }), (ids) => {
        const { calls, results } = send(type, ids);
        expect(results).toEqual(calls);
        expect(calls.every((one) => one !== '' && !/__(claude|thought)__/.test(one))).toBe(true);
        if (type === 'openai') expect(calls.every((one) => one.length <= 40)).toBe(true);
        else for (const [at, one] of ids.entries()) if (!/__(claude|thought)__/.test(one)) expect(calls[at]).toBe(one);
      }),
    );
  });
});

test('openai takes 40 characters: longer ids are named anew, the same every time, and different ones differently', () => {
  const { calls } = send('openai', [LONG, `${LONG}2`]);
  expect(calls[0]).toMatch(/^call_[0-9a-f]{32}$/);
  expect(calls[0]).not.toBe(calls[1]);
  expect(send('openai', [LONG]).calls[0]).toBe(calls[0]);
  expect(send('openai', [LONG], 'no mark anywhere').calls).toEqual([calls[0]]);
  expect(send('vllm', [LONG]).calls).toEqual([LONG]);
});

test('who made an id gets back what it carries; who did not, only the id', () => {
  expect(splitThought(OF_GEMINI)).toEqual({ id: 'call_g1', signature: 'c2lnbmF0dXJlLW9mLWEtdGhvdWdodA==' });
  expect(splitThoughts(OF_CLAUDE)).toEqual({ id: 'toolu_01', carried: THOUGHTS });
  const google = JSON.parse(translateTo('google', [OF_GEMINI, OF_CLAUDE]));
  const parts = google.contents[1].parts as { functionCall: { id: string }; thoughtSignature?: string }[];
  expect(parts.map(({ functionCall, thoughtSignature }) => [functionCall.id, thoughtSignature])).toEqual([
    ['call_g1', 'c2lnbmF0dXJlLW9mLWEtdGhvdWdodA=='],
    ['toolu_01', undefined],
  ]);
  const anthropic = JSON.parse(translateTo('anthropic', [OF_CLAUDE, OF_GEMINI]));
  const uses = anthropic.messages[1].content.filter((block: { type: string }) => block.type === 'tool_use');
  expect(uses.map((block: { id: string }) => block.id)).toEqual(['toolu_01', 'call_g1']);
  const ollama = JSON.parse(translateTo('ollama', [OF_GEMINI, OF_CLAUDE]));
  expect(ollama.messages[1].tool_calls.map((call: { id: string }) => call.id)).toEqual(['call_g1', 'toolu_01']);
  expect(ollama.messages.slice(2).map((message: { tool_call_id: string }) => message.tool_call_id)).toEqual(['call_g1', 'toolu_01']);
});

/** The same for dialects that translate: the body as it goes over the wire. */
function translateTo(type: BackendType, ids: readonly string[]): string {
  const request = readRequestBody('chat', Buffer.from(converse(ids)));
  return DIALECTS[type].write('chat', request, buildTarget(type === 'google' ? 'gemini-3-pro' : 'claude-sonnet-4-5'), null).body.toString();
}
