import { describe, expect, it } from 'vitest';
import { encodingOf } from '../../../compiler/resolve/encoding-of.ts';
import { nano, pico, picoPerToken, readBound, readDuration, readMemory, readRate, readTokens } from '../../../compiler/resolve/units.ts';

describe('units', () => {
  it.each([
    ['800ms', 800],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['24h', 86_400_000],
    ['0s', null],
    ['25h', null],
    ['0.1ms', null],
    ['5', null],
    ['5 s', null],
    ['-5s', null],
    ['5S', null],
  ])('duration %s', (text, expected) => expect(readDuration(text)).toBe(expected));

  it.each([
    ['128k', 128_000],
    ['1M', 1_000_000],
    ['1.5k', 1_500],
    [8192, 8192],
    ['8192', 8192],
    ['0k', null],
    [0, null],
    [1.5, null],
    ['1G', null],
  ])('tokens %s', (text, expected) => expect(readTokens(text)).toBe(expected));

  it.each([
    ['600/min', { most: 600, ms: 60_000 }],
    ['2M/min', { most: 2_000_000, ms: 60_000 }],
    ['1/s', { most: 1, ms: 1_000 }],
    ['36/h', { most: 36, ms: 3_600_000 }],
    ['0/s', null],
    ['5/day', null],
  ])('rate %s', (text, expected) => expect(readRate(text)).toEqual(expected));

  it.each([
    ['16GiB', 16 * 2 ** 30],
    ['512MiB', 512 * 2 ** 20],
    ['0KiB', null],
    ['16GB', null],
  ])('memory %s', (text, expected) => expect(readMemory(text)).toBe(expected));

  it.each([
    ['<0.3', 1e6, { op: '<', value: 300_000 }],
    ['<= 1', 1e6, { op: '<=', value: 1_000_000 }],
    ['>=200', 1, { op: '>=', value: 200 }],
    [2, 1, { op: '=', value: 2 }],
    ['<1.5', 1, null],
    ['<0.0000001', 1e6, null],
    ['0.3', 1e6, null],
    ['<<1', 1, null],
    ['<=133.329', 1e9, { op: '<=', value: 133_329_000_000 }],
    ['<=1.5000000000', 1e9, { op: '<=', value: 1_500_000_000 }],
    ['<0.0000000001', 1e9, null],
  ] as const)('comparison %s × %d', (text, scale, expected) => expect(readBound(text, scale)).toEqual(expected));

  it('money is whole', () => {
    expect(picoPerToken(0.0375)).toBe(37_500);
    expect(picoPerToken(1.25)).toBe(1_250_000);
    expect(pico(0.002)).toBe(2_000_000_000);
    expect(nano(19.99)).toBe(19_990_000_000);
  });

  it.each([
    ['gpt-4', 'cl100k_base'],
    ['gpt-4-turbo', 'cl100k_base'],
    ['gpt-3.5-turbo', 'cl100k_base'],
    ['openai/gpt-4', 'cl100k_base'],
    ['text-embedding-3-small', 'cl100k_base'],
    ['text-embedding-ada-002', 'cl100k_base'],
    ['gpt-4o-mini', 'o200k_base'],
    ['gpt-4.1', 'o200k_base'],
    ['gpt-4.5-preview', 'o200k_base'],
    ['gpt-5', 'o200k_base'],
    ['llama3.2', 'o200k_base'],
  ])('tokenizer of %s', (model, expected) => expect(encodingOf(model)).toBe(expected));
});
