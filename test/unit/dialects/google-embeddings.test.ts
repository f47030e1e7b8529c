import { describe, expect, test } from 'vitest';
import { readEmbeddings } from '../../../runtime/backends/google/read-embeddings.ts';
import { writeEmbeddings } from '../../../runtime/backends/google/write-embeddings.ts';
import type { AskedEmbeddings } from '../../../runtime/backends/translate/embeddings-translator.ts';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import { buildTarget } from './google-wire.ts';

const TARGET = buildTarget('gemini-embedding-001');
const ASKED: AskedEmbeddings = { model: 'embed', encoding: 'float', texts: 2, inputTokens: 11 };

function read(answer: unknown, asked: Partial<AskedEmbeddings> = {}): { usage: object; data: { embedding: unknown }[] } {
  return JSON.parse(
    readEmbeddings(Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)), { ...ASKED, ...asked }).body.toString(),
  );
}

describe('write', () => {
  test('one request for each text, the model in each', () => {
    const call = writeEmbeddings({ model: 'embed', input: ['a', 'b'], dimensions: 256, encoding_format: 'base64' }, TARGET);
    expect(call.path).toBe('/v1beta/models/gemini-embedding-001:batchEmbedContents');
    expect(call.warnings).toEqual([]);
    expect(JSON.parse(call.body.toString())).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 256,
      })),
    });
  });

  test('a text alone is a list of one; what has no counterpart is told', () => {
    const call = writeEmbeddings({ model: 'embed', input: 'a', user: 'u' }, TARGET);
    expect(JSON.parse(call.body.toString()).requests).toHaveLength(1);
    expect(call.warnings).toEqual(['user-ignored']);
    expect(writeEmbeddings({ input: 'a', truncate: true }, TARGET).warnings).toEqual(['parameter-ignored']);
  });

  test.each([
    [{ input: [1, 2] }, 'input'],
    [{ input: [[1, 2]] }, 'input'],
    [{ input: [] }, 'input'],
    [{}, 'input'],
    [{ input: Array.from({ length: 101 }, () => 'a') }, 'input'],
    [{ input: 'a', dimensions: 1.5 }, 'dimensions'],
  ])('refused: %j', (body, param) => {
    expect(() => writeEmbeddings(body, TARGET)).toThrow(BadRequest);
    expect(() => writeEmbeddings(body, TARGET)).toThrow(expect.objectContaining({ param }));
  });
});

describe('read', () => {
  const answer = { embeddings: [{ values: [0.5, -1] }, { values: [0.25, 2] }] };

  test('vectors in their order, with our count where google tells none', () => {
    expect(read(answer)).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [0.5, -1] },
        { object: 'embedding', index: 1, embedding: [0.25, 2] },
      ],
      model: 'embed',
      usage: { prompt_tokens: 11, total_tokens: 11 },
    });
    expect(read({ ...answer, usageMetadata: { promptTokenCount: 3 } }).usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });

  test('base64 is float32, little endian', () => {
    const { embedding } = read(answer, { encoding: 'base64' }).data[0];
    const bytes = Buffer.from(embedding as string, 'base64');
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4), bytes.length]).toEqual([0.5, -1, 8]);
  });

  test.each([
    ['', 'JSON'],
    ['{}', '2 embeddings'],
    ['[]', '2 embeddings'],
    ['{"embeddings":[{"values":[1]}]}', '2 embeddings'],
    ['{"embeddings":[{"values":[1]},{"values":[]}]}', 'list of numbers'],
    ['{"embeddings":[{"values":[1]},{"values":["1"]}]}', 'list of numbers'],
    ['{"error":{"message":"no","status":"NOT_FOUND"}}', 'no (NOT_FOUND)'],
  ])('never an empty success: %s', (body, words) => {
    expect(() => read(body)).toThrow(TranslationError);
    expect(() => read(body)).toThrow(words);
  });
});
