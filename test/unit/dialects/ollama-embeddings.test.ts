import { describe, expect, test } from 'vitest';
import { ollamaEmbeddings } from '../../../runtime/backends/ollama/embeddings.ts';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import { buildTarget } from './ollama-wire.ts';

const ASKED = { model: 'embed', encoding: 'float', texts: 2, inputTokens: 11 } as const;
const TARGET = buildTarget('nomic-embed-text', 2048);

test('every text, the declared window, and an error where one is too long', () => {
  const call = ollamaEmbeddings.write({ model: 'embed', input: ['a', 'b'], dimensions: 64, encoding_format: 'base64', user: 'u' }, TARGET);
  expect([call.path, call.warnings]).toEqual(['/api/embed', ['user-ignored']]);
  expect(JSON.parse(call.body.toString())).toEqual({
    model: 'nomic-embed-text',
    input: ['a', 'b'],
    truncate: false,
    dimensions: 64,
    options: { num_ctx: 2048 },
  });
  expect(JSON.parse(ollamaEmbeddings.write({ input: 'a' }, TARGET).body.toString()).input).toEqual(['a']);
});

test.each([
  [{ input: [1, 2] }, 'input'],
  [{ input: [[1, 2]] }, 'input'],
  [{ input: [] }, 'input'],
  [{ input: 'a', dimensions: 0 }, 'dimensions'],
  [{ input: 'a', dimensions: '64' }, 'dimensions'],
])('refused: %j', (body, param) => {
  expect(() => ollamaEmbeddings.write(body, TARGET)).toThrow(BadRequest);
  expect(() => ollamaEmbeddings.write(body, TARGET)).toThrow(expect.objectContaining({ param }));
});

describe('answers', () => {
  const read = (text: string, asked: object = {}) =>
    JSON.parse(ollamaEmbeddings.readAnswer(Buffer.from(text), { ...ASKED, ...asked }).body.toString());

  test('vectors in their order, in either encoding, whatever their numbers look like', () => {
    const text = '{"model":"m","embeddings":[[0.5,-1.5e-05],[0.010071029123456789,2]],"prompt_eval_count":8}';
    expect(read(text)).toMatchObject({
      data: [{ embedding: [0.5, -0.000015] }, { index: 1 }],
      model: 'embed',
      usage: { prompt_tokens: 8 },
    });
    const bytes = Buffer.from(read(text, { encoding: 'base64' }).data[0].embedding, 'base64');
    expect([bytes.length, bytes.readFloatLE(0)]).toEqual([8, 0.5]);
    expect(read('{"embeddings":[[1],[2]]}').usage).toEqual({ prompt_tokens: 11, total_tokens: 11 });
  });

  test.each([
    '',
    '{}',
    '{"embeddings":[[1]]}',
    '{"embeddings":[[1],[]]}',
    '{"embeddings":[[1],["1"]]}',
    '{"error":"no"}',
  ])('never an empty success: %s', (text) => {
    expect(() => read(text)).toThrow(TranslationError);
  });
});
