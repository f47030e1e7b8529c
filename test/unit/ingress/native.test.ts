import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INGRESSES } from '../../../runtime/ingress/ingresses.ts';

const { messages, responses, 'ollama-chat': chat, 'ollama-generate': generate, 'ollama-embed': embed } = INGRESSES;

describe('a body for a backend that speaks the same API', () => {
  test('is the same object where nothing changes', () => {
    for (const ingress of Object.values(INGRESSES)) {
      const body = Buffer.from('{ "model" : "a", "max_tokens":5,"max_output_tokens":5,\t"options":{"num_predict":5} }');
      expect(ingress.native(body, 'a', null)).toBe(body);
      expect(ingress.native(body, 'a', 5)).toBe(body);
    }
  });

  test.each([
    [messages, '{"x":[ 1.0 ],"model":"a"}', 7, '{"max_tokens":7,"x":[ 1.0 ],"model":"b"}'],
    [messages, '{"model":"a" ,"max_tokens":900}', 7, '{"model":"b" ,"max_tokens":7}'],
    [responses, '{"model":"a","max_output_tokens":null}', 7, '{"model":"b","max_output_tokens":7}'],
    [responses, '{"model":"a","max_tokens":900}', 7, '{"max_output_tokens":7,"model":"b","max_tokens":900}'],
    [chat, '{"model":"a","options":{}}', 7, '{"model":"b","options":{"num_predict":7}}'],
    [chat, '{"model":"a","options":{"seed":1}}', 7, '{"model":"b","options":{"num_predict":7,"seed":1}}'],
    [generate, '{"model":"a","options":{"num_predict":-1}}', 7, '{"model":"b","options":{"num_predict":7}}'],
    [generate, '{"model":"a","options":null}', 7, '{"model":"b","options":{"num_predict":7}}'],
    [generate, '{"model":"\\u0061"}', null, '{"model":"b"}'],
    [embed, '{"model":"a","input":"x"}', 7, '{"model":"b","input":"x"}'],
  ])('%# keeps every other byte', (ingress, body, cap, wanted) => {
    expect(ingress.native(Buffer.from(body), 'b', cap).toString()).toBe(wanted);
  });

  test('says the same but for model and cap, whatever stands in it', () => {
    const extra = fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => !['model', 'max_tokens', '__proto__'].includes(key)),
      fc.jsonValue({ maxDepth: 3 }),
      { maxKeys: 5 },
    );
    fc.assert(
      fc.property(extra, fc.string({ minLength: 1 }), fc.nat(), fc.nat(), fc.nat(4), (members, model, given, cap, space) => {
        const body = { ...members, model: 'a', max_tokens: given };
        const spliced = JSON.parse(messages.native(Buffer.from(JSON.stringify(body, null, space)), model, cap).toString());
        expect(spliced).toEqual(JSON.parse(JSON.stringify({ ...body, model, max_tokens: Math.min(given, cap) })));
      }),
      { numRuns: 500 },
    );
  });

  test('with a name twice is refused', () => {
    for (const ingress of Object.values(INGRESSES)) {
      expect(() => ingress.read(Buffer.from('{"model":"a","model":"b"}'))).toThrow('Duplicate parameter');
      expect(() => ingress.native(Buffer.from('{"model":"a","model":"b"}'), 'c', 1)).toThrow('Duplicate parameter');
    }
  });
});
