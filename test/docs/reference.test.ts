import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPTIONS, toVariable } from '../../runtime/config/options.ts';
import { Policyd } from '../e2e/policyd.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/reference.md'), 'utf8');

const help = (...args: string[]): string =>
  execFileSync(process.execPath, [join(ROOT, 'compiler/cli/bin.js'), ...args, '--help'], { encoding: 'utf8' });

test('every command of policyc and each of its flags stands there, and none else', () => {
  const commands = [...help().matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  expect(commands).toContain('check');
  const rows = new Map([...page.matchAll(/^\| `policyc ([a-z]+)[^|]*\|.*$/gm)].map(([row, name]) => [name, row]));
  expect([...rows.keys()].sort()).toEqual([...commands].sort());
  const flagsOf = (text: string): string[] => [...new Set(text.match(/--[a-z-]+/g) ?? [])].sort();
  for (const name of commands) expect(flagsOf(rows.get(name)!), name).toEqual(flagsOf(help(name)));
});

test('every option of policyd stands there, with its variable and default', () => {
  const rows = [...page.matchAll(/^\| `--([a-z-]+)` \| `(\w+)` \| (?:`([^`]*)`)? ?\|/gm)];
  expect(rows.map(([, flag, variable, fallback]) => ({ flag, variable, fallback: fallback ?? null }))).toEqual(
    OPTIONS.map(({ flag, fallback }) => ({ flag, variable: toVariable(flag), fallback })),
  );
});

let policyd: Policyd;
beforeAll(async () => {
  policyd = await Policyd.start('backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n');
});
afterAll(() => policyd.stop());

test('every path of policyd stands there, and none else', async () => {
  const { paths } = await policyd.get<{ paths: Record<string, Record<string, unknown>> }>('/openapi.json');
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const told = [...page.matchAll(/^\| `(GET|POST|PUT|DELETE) (\/[^`]*)`/gm)].map(([, method, path]) => `${method} ${path}`);
  expect(told.filter((row) => row !== 'GET /openapi.json').sort()).toEqual(served.filter((row) => !row.endsWith('/openapi.json')).sort());
});

test('every header of an answer stands there', async () => {
  const answer = await policyd.chat('small');
  const names = [...answer.headers.keys()].filter((name) => name.startsWith('x-'));
  expect(names).toContain('x-nexus-policy');
  for (const name of names) expect(page.toLowerCase(), name).toContain(`\`${name}\``);
});
