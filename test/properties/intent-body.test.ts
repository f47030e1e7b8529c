import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadRequest } from '../../runtime/intent/bad-request.ts';
import { FIELD_NAMES, KIND } from '../../runtime/intent/fields.ts';
import { cutBefore } from '../../runtime/intent/json-string.ts';
import { KeyTable } from '../../runtime/intent/key-table.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import { type BodyScan, scanBody } from '../../runtime/intent/scan.ts';
import { splice } from '../../runtime/intent/splice.ts';
import { TEXT_WINDOW } from '../../schema/request.ts';

const KEYS = new KeyTable(FIELD_NAMES);
const RUNS = Number(process.env.INTENT_CASES ?? 12_000);

/** Spells a value as JSON in one of the many ways there are: blanks, escapes, numbers. */
function spell(value: unknown, random: () => number): string {
  const blank = (): string => (random() < 0.15 ? [' ', '\n', '\t', '\r\n', '  '][Math.floor(random() * 5)] : '');
  if (typeof value === 'string') return spellString(value, random);
  if (Array.isArray(value)) return `[${blank()}${value.map((item) => spell(item, random) + blank()).join(`,${blank()}`)}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, item]) => `${spellString(key.replaceAll('\\', '/'), random)}${blank()}:${blank()}${spell(item, random)}${blank()}`,
    );
    return `{${blank()}${members.join(`,${blank()}`)}}`;
  }
  if (typeof value === 'number' && Number.isSafeInteger(value) && random() < 0.1) return `${value}.0e+0`;
  return JSON.stringify(value);
}

function spellString(text: string, random: () => number): string {
  if (random() < 0.7) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const codeOf = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
  // All or nothing of a surrogate pair is escaped.
  return `"${units.map((unit) => ((unit >= 0xd800 && unit <= 0xdfff) || random() < 0.3 ? codeOf(unit) : JSON.stringify(String.fromCharCode(unit)).slice(1, -1))).join('')}"`;
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 0x1000000;
  };
}

/** The bytes at any alignment in their memory. */
function place(bytes: Uint8Array, offset: number): Buffer {
  const memory = Buffer.alloc(bytes.length + 8, 0x22);
  memory.set(bytes, offset);
  return memory.subarray(offset, offset + bytes.length);
}

function nesting(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(nesting));
}

/**
 * V8 of Node 24 misreads a short escaped key where an object of the same beginning had a key with a backslash before:
 * after `{"a":1,"\\":2}` it reads the second key of `{"a":1,"\u006e":2}` as a backslash too. Such an object shows a key with a
 * backslash, and is no oracle for what its keys are.
 */
function hasBackslashKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => (!Array.isArray(value) && key.includes('\\')) || hasBackslashKey(item));
}

function kindOf(value: unknown): number {
  if (typeof value === 'string') return KIND.STRING;
  if (typeof value === 'number') return KIND.NUMBER;
  if (Array.isArray(value)) return KIND.ARRAY;
  return typeof value === 'object' && value !== null ? KIND.OBJECT : KIND.LITERAL;
}

function scanOrRefuse(buffer: Buffer): BodyScan<string> | BadRequest {
  try {
    return scanBody(buffer, KEYS);
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
}

function parseOrRefuse(buffer: Buffer): Record<string, unknown> | null {
  if (!isUtf8(buffer)) return null;
  try {
    const value: unknown = JSON.parse(buffer.toString());
    return kindOf(value) === KIND.OBJECT ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Both refuse, or both accept and see the same fields. Returns what was seen. */
function compare(buffer: Buffer): 'same' | 'refused' | 'duplicate' {
  const scanned = scanOrRefuse(buffer);
  const parsed = parseOrRefuse(buffer);
  if (scanned instanceof BadRequest) {
    if (scanned.code === 'duplicate_parameter') return 'duplicate';
    if (parsed !== null) expect(nesting(parsed), `refused: ${scanned.message}\n${buffer}`).toBeGreaterThan(64);
    return 'refused';
  }
  expect(parsed, `accepted what JSON.parse refuses: ${buffer}`).not.toBeNull();
  if (hasBackslashKey(parsed)) return 'same';
  for (const name of FIELD_NAMES) {
    const field = scanned.fields[name];
    if (field === undefined) {
      expect(Object.hasOwn(parsed!, name)).toBe(false);
      continue;
    }
    const value = parsed![name];
    expect(JSON.parse(buffer.toString('utf8', field.start, field.end))).toEqual(value);
    expect(JSON.parse(buffer.toString('utf8', field.keyStart, field.keyEnd))).toBe(name);
    const items: unknown[] = typeof value === 'object' && value !== null ? Object.values(value) : [];
    expect(field.kind).toBe(kindOf(value));
    // Equal keys of a nested object are counted as often as they stand there.
    if (Array.isArray(value)) expect(field.items).toBe(items.length);
    expect(field.objects.length).toBeGreaterThanOrEqual(items.filter((item) => kindOf(item) === KIND.OBJECT).length);
    if (Array.isArray(value)) expect(field.itemKinds).toBe(items.reduce<number>((kinds, item) => kinds | kindOf(item), 0));
  }
  return 'same';
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('image_url', 'input_image', '"', '\\', '\\"', '\n', 'user', '😀', '\ud800', 'a'.repeat(300)),
);
const json = fc.jsonValue({ maxDepth: 4 });
const fieldValue = fc.oneof(json, text, fc.integer(), fc.array(fc.dictionary(text, json, { maxKeys: 3 }), { maxLength: 4 }));
const anyBody = fc.dictionary(fc.oneof(fc.constantFrom(...FIELD_NAMES), text), fieldValue, { maxKeys: 8 });

describe('the scan and JSON.parse', () => {
  test('agree on every body, however it is spelled', () => {
    fc.assert(
      fc.property(anyBody, fc.integer(), fc.nat(3), (body, seed, offset) => {
        const buffer = place(Buffer.from(spell(body, randomOf(seed))), offset);
        expect(compare(buffer)).toBe('same');
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });

  test('agree on damaged bodies', () => {
    const bytes = fc.oneof(fc.constantFrom(...Buffer.from('{}[]",:\\ \n\t0123456789.-+eEtrufalsn/b\u0000\u001f')), fc.nat(255));
    const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom('put', 'add', 'cut'), bytes), {
      minLength: 1,
      maxLength: 3,
    });
    let same = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyBody, fc.integer(), damage, fc.nat(3), (body, seed, wounds, offset) => {
        const hurt = [...Buffer.from(spell(body, randomOf(seed)))];
        for (const [where, how, byte] of wounds) {
          const at = Math.floor(where * hurt.length);
          if (how === 'put') hurt[at] = byte;
          else hurt.splice(at, how === 'cut' ? 1 : 0, ...(how === 'add' ? [byte] : []));
        }
        if (compare(place(Uint8Array.from(hurt), offset)) === 'same') same++;
        else refused++;
      }),
      { numRuns: RUNS },
    );
    // Both answers must have been seen often, or the comparison proves little.
    expect(same).toBeGreaterThan(RUNS / 50);
    expect(refused).toBeGreaterThan(RUNS / 50);
  });

  test('agree on every string of two bytes in every alignment', () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const bytes = Buffer.concat([Buffer.from('{"model":"abc'), Buffer.from([first, second]), Buffer.from('defgh"}')]);
        const scanned = !(scanOrRefuse(place(bytes, (first + second) & 3)) instanceof BadRequest);
        if (scanned !== (parseOrRefuse(bytes) !== null)) expect.fail(`differ on bytes ${first}, ${second}`);
      }
    }
  });
});

const part = fc.oneof(
  fc.record({ type: fc.constant('text'), text }),
  fc.record({ type: fc.constantFrom('image_url', 'input_image'), image_url: fc.record({ url: text }) }),
  fc.record({ type: text }),
  json,
);
const message = fc.record(
  {
    role: fc.constantFrom('user', 'assistant', 'system', 'tool'),
    content: fc.oneof(text, fc.array(part, { maxLength: 4 }), json),
    name: text,
  },
  { requiredKeys: ['role'] },
);
const cap = fc.option(fc.integer({ min: 1, max: 10_000 }));
const chat = fc.record(
  {
    model: fc.constantFrom('auto', 'gpt-5', 'ünï', 'a"b'),
    messages: fc.array(message, { minLength: 1, maxLength: 6 }),
    max_tokens: cap,
    max_completion_tokens: cap,
    n: fc.option(fc.integer({ min: 1, max: 128 })),
    stream: fc.option(fc.boolean()),
    stream_options: fc.option(fc.record({ include_usage: fc.option(fc.boolean()), other: json }, { requiredKeys: [] })),
    tools: fc.option(fc.array(fc.dictionary(text, json, { maxKeys: 3 }), { maxLength: 3 })),
    functions: fc.option(fc.array(fc.dictionary(text, json, { maxKeys: 3 }), { maxLength: 3 })),
    response_format: fc.option(fc.record({ type: fc.constantFrom('text', 'json_object', 'json_schema') })),
    reasoning_effort: fc.option(fc.constantFrom('none', 'low', 'high')),
    user: text,
  },
  { requiredKeys: ['model', 'messages'] },
);

type Loose = Record<string, unknown>;

function isObject(value: unknown): value is Loose {
  return kindOf(value) === KIND.OBJECT;
}

function userText(messages: readonly Loose[]): string {
  const pieces = messages
    .filter((each) => each.role === 'user')
    .flatMap(({ content }) => {
      if (typeof content === 'string') return [content];
      if (!Array.isArray(content)) return [];
      return content
        .filter((each) => isObject(each) && each.type === 'text' && typeof each.text === 'string')
        .map((each) => each.text as string);
    });
  return pieces.join('\n').slice(-TEXT_WINDOW);
}

function imagesIn(messages: readonly Loose[]): number {
  const parts = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  return parts.filter(
    (each) => isObject(each) && (each.type === 'image_url' || each.type === 'input_image' || (each.image_url ?? null) !== null),
  ).length;
}

test('a cut splits neither escapes nor characters', () => {
  fc.assert(
    fc.property(text, fc.integer(), (each, seed) => {
      const buffer = Buffer.from(spellString(each, randomOf(seed)));
      for (let at = 1; at < buffer.length; at++) {
        const cut = cutBefore(buffer, 1, at);
        const tail: string = JSON.parse(`"${buffer.toString('utf8', cut)}`);
        expect(each.endsWith(tail), `${buffer} at ${at}`).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

describe('a request', () => {
  test('says what its JSON says', () => {
    fc.assert(
      fc.property(chat, fc.integer(), fc.nat(3), fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 300), (body, seed, offset, times) => {
        const repeated = { ...body, messages: body.messages.flatMap((each) => Array.from({ length: times }, () => each)) };
        const random = randomOf(seed);
        const request = readRequestBody('chat', place(Buffer.from(spell(repeated, random)), offset));
        const messages = repeated.messages as Loose[];
        expect(request.body.text()).toBe(userText(messages));
        expect(request.images).toBe(imagesIn(messages));
        const tools = (body.tools?.length ?? 0) + (body.functions?.length ?? 0);
        expect(request.body).toMatchObject({
          endpoint: 'chat',
          model: body.model,
          maxOutputTokens: Math.max(body.max_completion_tokens ?? 0, body.max_tokens ?? 0) || null,
          answers: body.n ?? 1,
          tools,
          required:
            1 |
            (tools > 0 ? 2 : 0) |
            (body.response_format?.type.startsWith('json') ? 4 : 0) |
            (request.images > 0 ? 8 : 0) |
            (body.reasoning_effort != null && body.reasoning_effort !== 'none' ? 32 : 0),
        });
        expect(request.stream).toBe(body.stream === true);
        expect(request.includeUsage).toBe(body.stream_options?.include_usage === true);
      }),
      { numRuns: Math.ceil(RUNS / 20) },
    );
  });

  test('spliced, differs in exactly what was asked for', () => {
    const wishes = fc.record(
      {
        model: fc.constantFrom('auto', 'gpt-5', 'ünï', 'x"y'),
        outputCap: fc.record({
          name: fc.constantFrom('max_tokens' as const, 'max_completion_tokens' as const),
          tokens: fc.integer({ min: 1, max: 10_000 }),
        }),
        includeUsage: fc.constant(true as const),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(chat, wishes, fc.integer(), (body, splices, seed) => {
        const buffer = Buffer.from(spell(body, randomOf(seed)));
        const request = readRequestBody('chat', buffer);
        const before: Loose = JSON.parse(buffer.toString());
        const output = splice(request, splices);
        const wanted: Loose = { ...before };
        if (splices.model !== undefined) wanted.model = splices.model;
        if (splices.outputCap !== undefined) {
          const { name, tokens } = splices.outputCap;
          const other = name === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
          if (name in wanted) {
            wanted[name] = Math.min((before[name] as number | null) ?? tokens, tokens);
            if (typeof wanted[other] === 'number') wanted[other] = Math.min(wanted[other], tokens);
          } else {
            wanted[name] = Math.min((before[other] as number | null | undefined) ?? tokens, tokens);
            delete wanted[other];
          }
        }
        if (splices.includeUsage) wanted.stream_options = { ...(before.stream_options as object | null), include_usage: true };
        const after: Loose = JSON.parse(output.toString());
        fc.pre(!hasBackslashKey(before) && !hasBackslashKey(after));
        expect(after).toEqual(wanted);
        try {
          expect(before).toEqual(wanted);
          expect(Object.keys(before).sort()).toEqual(Object.keys(wanted).sort());
        } catch {
          return;
        }
        expect(output).toBe(buffer);
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });
});
