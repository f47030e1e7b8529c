import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { main } from '../../../compiler/cli/main.ts';

const scratch = mkdtempSync(join(tmpdir(), 'policyc-prices-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function policyc(...args: string[]) {
  const written = { out: '', err: '' };
  const code = await main(args, {
    cwd: scratch,
    env: {},
    stdin: Readable.from([]),
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}

function policy(name: string, text: string): void {
  mkdirSync(join(scratch, name), { recursive: true });
  writeFileSync(join(scratch, name, 'backends.yaml'), text);
}

const CLOUD = (openai: string, claude = '') => `backends:
  box: { type: ollama, models: { small: {} } }
  openai:
    type: openai
    api_key_env: K
    models: { ${openai} }
  ${claude}
`;
policy('a', CLOUD('gpt-5: {}, gpt-audio: {}, gpt-5.6-sol: {}, mine: { price: { input: 1, output: 4 } }, odd: {}'));
policy('b', CLOUD('gpt-5: { price: { input: 1, output: 10 } }, gpt-audio: {}, gpt-5.6-sol: {}, new: { upstream: gpt-5 }, odd: {}'));
policy('broken', 'backends: { box: { type: olama } }');

describe('policyc prices', () => {
  test('lists every target with its source, its place, its tiers and what is not counted', async () => {
    const { code, out } = await policyc('prices', 'a');
    expect(code).toBe(0);
    expect(out).toMatch(/^box\/small +free +free +free {2}a\/backends\.yaml:2$/m);
    expect(out).toMatch(/^openai\/gpt-5 +1\.25 +10 +0\.125 +table openai\/gpt-5 {2}a\/backends\.yaml:6$/m);
    expect(out).toMatch(/^openai\/gpt-5\.6-sol +4 +20 +0\.4 +5 +table openai\/gpt-5\.6-sol since 2026-08-21/m);
    expect(out).toMatch(/^ {2}above 271999 tokens +8 +30 +0\.8 +10$/m);
    expect(out).toMatch(/^ {2}audio in 32, audio out 64$/m);
    expect(out).toMatch(/^ {2}not counted, though the provider charges for it: storage_searches_kcount, web_searches_kcount$/m);
    expect(out).toMatch(/^openai\/mine +1 +4 +policy/m);
    expect(out).toMatch(/^openai\/odd +\? +\? +unknown/m);
    expect(out).toMatch(/price table: @pydantic\/genai-prices [\d.]+ of 2026-/);
  });

  test('the same as JSON, of a policy and of its artifact', async () => {
    const list = JSON.parse((await policyc('prices', 'a', '--format', 'json')).out);
    expect(list.targets.map(({ target }: { target: string }) => target)).toEqual([
      'box/small',
      'openai/gpt-5',
      'openai/gpt-audio',
      'openai/gpt-5.6-sol',
      'openai/mine',
      'openai/odd',
    ]);
    expect(list.targets[1]).toMatchObject({
      place: { file: 'a/backends.yaml', line: 6 },
      price: { source: 'table', entry: 'openai/gpt-5' },
    });
    expect((await policyc('compile', 'a', '--out', 'a-out')).code).toBe(0);
    for (const named of ['a-out', 'a-out/manifest.json']) {
      const compiled = JSON.parse((await policyc('prices', named, '--format', 'json')).out);
      expect(compiled.targets.map(({ price }: { price: unknown }) => price)).toEqual(
        list.targets.map(({ price }: { price: unknown }) => price),
      );
    }
  });

  test('errors of the policy and of the command line', async () => {
    expect((await policyc('prices', 'broken')).code).toBe(1);
    expect(await policyc('prices', 'nowhere')).toMatchObject({ code: 2 });
    expect(await policyc('prices', 'a', 'b')).toMatchObject({ code: 2, err: expect.stringContaining('policyc prices diff OLD NEW') });
    writeFileSync(join(scratch, 'text.json'), 'no');
    expect(await policyc('prices', 'text.json')).toMatchObject({ code: 2, err: expect.stringContaining('is not JSON') });
    writeFileSync(join(scratch, 'other.json'), '{}');
    expect(await policyc('prices', 'other.json')).toMatchObject({ code: 2, err: expect.stringContaining('policyc compile') });
  });
});

describe('policyc prices diff', () => {
  test('says what changed, came and went; 2', async () => {
    const { code, out } = await policyc('prices', 'diff', 'a', 'b');
    expect(code).toBe(2);
    expect(out.split('\n')).toEqual([
      'openai/gpt-5  source  table → policy',
      'openai/gpt-5  entry  openai/gpt-5 → none',
      'openai/gpt-5  input  1.25 → 1  (-20.0 %)',
      'openai/gpt-5  cachedInput  0.125 → none',
      'openai/gpt-5  not counted  storage_searches_kcount web_searches_kcount → none',
      'openai/mine  is gone',
      'openai/new  is new',
      '',
    ]);
    const { changes } = JSON.parse((await policyc('prices', 'diff', 'a', 'b', '--format', 'json')).out);
    expect(changes).toContainEqual({ target: 'openai/gpt-5', what: 'input', old: 1.25, new: 1 });
    expect(changes).toHaveLength(7);
  });

  test('nothing changed; 0', async () => {
    expect(await policyc('prices', 'diff', 'a', 'a')).toEqual({ code: 0, out: 'no price changed\n', err: '' });
    expect((await policyc('prices', 'diff', 'a')).code).toBe(2);
    expect((await policyc('prices', 'diff', 'a', 'broken')).code).toBe(1);
  });
});
