import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PARAMETERS } from '../../../runtime/backends/anthropic/parameters.ts';
import { writeTo } from './anthropic-target.ts';

const MODEL = 'claude-sonnet-4-5';

/** The parameters that the official client of OpenAI documents. */
function documented(): string[] {
  const types = readFileSync(new URL('../../../node_modules/openai/resources/chat/completions/completions.d.ts', import.meta.url), 'utf8');
  const start = types.indexOf('export interface ChatCompletionCreateParamsBase {');
  const body = types.slice(start, types.indexOf('\n}', start));
  return [...body.matchAll(/^ {4}([a-z_]+)\??:/gm)].map((match) => match[1]);
}

/** A value that asks for something, for every parameter that is not said in Anthropic's words. */
const ASKING: Readonly<Record<string, unknown>> = {
  seed: 7,
  metadata: { a: 'b' },
  prediction: { type: 'content', content: 'x' },
  prompt_cache_key: 'k',
  prompt_cache_options: { mode: 'explicit' },
  prompt_cache_retention: '24h',
  presence_penalty: 0.5,
  frequency_penalty: -0.5,
  store: true,
  verbosity: 'low',
  n: 2,
  logprobs: true,
  top_logprobs: 3,
  logit_bias: { '50256': -100 },
  modalities: ['text', 'audio'],
  audio: { voice: 'alloy', format: 'wav' },
  moderation: { model: 'm' },
  web_search_options: {},
  functions: [{ name: 'f' }],
  function_call: { name: 'f' },
};

/** The same, asking for nothing. */
const IDLE: Readonly<Record<string, unknown>> = {
  metadata: {},
  presence_penalty: 0,
  frequency_penalty: 0,
  store: false,
  verbosity: 'medium',
  n: 1,
  logprobs: false,
  top_logprobs: 0,
  logit_bias: {},
  modalities: ['text'],
  functions: [],
  function_call: 'none',
};

describe('parameters', () => {
  test('every documented one has a decision', () => {
    const names = documented();
    expect(names).toContain('logit_bias');
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !Object.hasOwn(PARAMETERS, name))).toEqual([]);
  });

  test('every one that is not written has a sample here', () => {
    const unwritten = Object.keys(PARAMETERS).filter((name) => PARAMETERS[name].kind !== 'written');
    expect(Object.keys(ASKING).sort()).toEqual(unwritten.sort());
  });

  test.each(Object.entries(ASKING))('%s is refused by name, or told to be ignored', (name, value) => {
    const write = () => writeTo(MODEL, { [name]: value });
    if (PARAMETERS[name].kind === 'refused')
      expect(write).toThrow(expect.objectContaining({ status: 400, param: name, message: expect.stringContaining('help: ') }));
    else {
      const { body, warnings } = write();
      expect(warnings).toEqual([`${name.replaceAll('_', '-')}-ignored`]);
      expect(body).not.toHaveProperty(name);
    }
  });

  test.each(Object.entries(IDLE))('%s that asks for nothing is no matter', (name, value) => {
    expect(writeTo(MODEL, { [name]: value }).warnings).toEqual([]);
  });

  test('null asks for nothing, whatever the parameter', () => {
    for (const name of Object.keys(PARAMETERS).filter((name) => name !== 'model' && name !== 'messages')) {
      expect(writeTo(MODEL, { [name]: null }).warnings, name).toEqual([]);
    }
  });

  test('an unknown one is told to be ignored, and its name can do no harm', () => {
    expect(writeTo(MODEL, { repetition_penalty: 1.1 }).warnings).toEqual(['repetition-penalty-ignored']);
    expect(writeTo(MODEL, { 'a\r\nb': 1 }).warnings).toEqual(['parameter-ignored']);
    expect(writeTo(MODEL, { constructor: 1 }).warnings).toEqual(['constructor-ignored']);
  });

  test('all refusals are told at once', () => {
    expect(() => writeTo(MODEL, { n: 3, logprobs: true, temperature: 9 })).toThrow(/`n`.*`logprobs`.*`temperature`/);
  });
});
