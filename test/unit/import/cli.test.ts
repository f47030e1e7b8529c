import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { command as check } from '../../../compiler/cli/commands/check.ts';
import { main } from '../../../compiler/cli/main.ts';
import { writeAllFiles } from '../../../compiler/cli/write-all-files.ts';
import { makeIo } from './make-io.ts';

const CONFIG = `model_list:
  - { model_name: a, litellm_params: { model: openai/gpt-5, api_key: CANARY-1, rpm: 5 } }
  - { model_name: b, litellm_params: { model: ollama/llama3.2 } }
litellm_settings: { fallbacks: [{ a: [b] }] }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-import-cli-'));
  writeFileSync(join(folder, 'config.yaml'), CONFIG);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { io, written } = makeIo(folder, CONFIG);
  return { code: await main(['import', ...args], io), ...written };
}

test('the files are written, and `policyc check` takes them', async () => {
  const { code, out, err } = await run('litellm', 'config.yaml');
  expect({ code, files: readdirSync(join(folder, 'policies')) }).toEqual({ code: 0, files: ['backends.yaml', 'models.yaml'] });
  expect(out).toContain('config.yaml:2:80 model_list[0].litellm_params.rpm: 5');
  expect(err).toContain('imported config.yaml: 5 carried, 1 changed, 1 left out; next: `policyc check policies`');
  const { io, written } = makeIo(folder);
  expect(await check.run(['policies', '--fail-on', 'warning'], io), written.out).toBe(0);
  expect(`${out}${err}`).not.toContain('CANARY');
});

test('what stands in the folder stays, without `--force`', async () => {
  mkdirSync(join(folder, 'policies'));
  writeFileSync(join(folder, 'policies/models.yaml'), 'aliases: {}\n');
  writeFileSync(join(folder, 'policies/notes.txt'), 'mine\n');
  const refused = await run('litellm', 'config.yaml');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('there is already a policy in `policies`: `models.yaml`');
  expect(readdirSync(join(folder, 'policies')).sort()).toEqual(['models.yaml', 'notes.txt']);
  expect((await run('litellm', 'config.yaml', '--force')).code).toBe(0);
  expect(readFileSync(join(folder, 'policies/models.yaml'), 'utf8')).toContain('a: [b]');
  expect(readdirSync(join(folder, 'policies')).sort()).toEqual(['backends.yaml', 'models.yaml', 'notes.txt']);
});

test('`--stdout` prints one policy file, and writes nothing', async () => {
  const { code, out, err } = await run('litellm', '-', '--stdout');
  expect(code).toBe(0);
  expect(existsSync(join(folder, 'policies'))).toBe(false);
  const { io, written } = makeIo(folder, out);
  expect(await check.run(['-'], io), written.out).toBe(0);
  expect(err).toContain('<stdin>:2:80 model_list[0].litellm_params.rpm: 5');
});

test('`--format json` tells every key', async () => {
  const { out } = await run('litellm', 'config.yaml', '--out', 'elsewhere', '--format', 'json');
  const report = JSON.parse(out);
  expect(report.files).toEqual(['backends.yaml', 'models.yaml']);
  expect(report.notes.map(({ key, fate }: { key: string; fate: string }) => `${fate} ${key}`)).toEqual([
    'carried model_list[0].model_name',
    'carried model_list[0].litellm_params.model',
    'changed model_list[0].litellm_params.api_key',
    'left-out model_list[0].litellm_params.rpm',
    'carried model_list[1].model_name',
    'carried model_list[1].litellm_params.model',
    'carried litellm_settings.fallbacks[0].a',
  ]);
});

describe('what cannot be', () => {
  test.each([
    [[], 2, 'needs to know what is imported'],
    [['litelm', 'config.yaml'], 2, 'there is no import of `litelm`'],
    [['litellm'], 2, 'takes one file'],
    [['litellm', 'config.yaml', 'config.yaml'], 2, 'takes one file'],
    [['litellm', 'missing.yaml'], 2, 'there is no such file'],
    [['litellm', 'config.yaml', '--stdout', '--force'], 2, '`--stdout` writes no files'],
    [['litellm', 'config.yaml', '--out', 'config.yaml'], 2, 'cannot write into `config.yaml`'],
    [['litellm', 'broken.yaml'], 1, 'nothing in broken.yaml can be carried over'],
    [['litellm', 'empty.yaml'], 1, 'nothing in empty.yaml can be carried over'],
  ])('%j ends with %i', async (args, expected, words) => {
    writeFileSync(join(folder, 'broken.yaml'), 'general_settings:\n  master_key: CANARY-2\n model_list: [\n');
    writeFileSync(join(folder, 'empty.yaml'), '');
    const { code, out, err } = await run(...args);
    expect({ code, err }).toEqual({ code: expected, err: expect.stringContaining(words) });
    expect(`${out}${err}`).not.toContain('CANARY');
    expect(existsSync(join(folder, 'policies'))).toBe(false);
  });
});

describe('all files or none', () => {
  const FILES = [
    { name: 'a.yaml', text: 'new a\n' },
    { name: 'b.yaml', text: 'new b\n' },
  ];

  test('a name that is taken by a folder leaves the others as they were', async () => {
    writeFileSync(join(folder, 'a.yaml'), 'old a\n');
    mkdirSync(join(folder, 'b.yaml/inside'), { recursive: true });
    chmodSync(join(folder, 'b.yaml'), 0o755);
    await expect(writeAllFiles(folder, FILES, false)).rejects.toThrow(/EEXIST/);
    expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe('old a\n');
    expect(readdirSync(folder).sort()).toEqual(['a.yaml', 'b.yaml', 'config.yaml']);
  });

  test('the second fails: the first is taken back', async () => {
    mkdirSync(join(folder, 'b.yaml'));
    await expect(writeAllFiles(folder, FILES, false)).rejects.toThrow(/EEXIST/);
    expect(readdirSync(folder).sort()).toEqual(['b.yaml', 'config.yaml']);
  });

  test('a folder that was made for them goes too', async () => {
    const files = [FILES[0], { name: 'no/such/b.yaml', text: '' }];
    await expect(writeAllFiles(join(folder, 'new'), files, true)).rejects.toThrow();
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });
});
