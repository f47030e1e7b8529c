import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CLOSE_CODES } from '../../runtime/http/orchestrator/stream-socket.ts';
import { checkCommand } from '../../runtime/orchestrator/spec-kit/check-command.ts';
import { COMMANDS } from '../../runtime/orchestrator/spec-kit/commands.ts';
import { findFreePort } from './find-free-port.ts';
import { makeFreshCopy } from './fresh-copy.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';
import { readFileSync } from 'node:fs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;
const page = (name: string): string => readFileSync(join(ROOT, `docs/${name}.md`), 'utf8');

test('docs/spec-kit.md: a task is ticked off as it says', { timeout: 240_000 }, async () => {
  const folder = makeFreshCopy();
  const port = await findFreePort();
  const shell = new Shell(folder, { PATH });
  try {
    expect(await runPage('docs/spec-kit.md', shell, (text) => text.replaceAll('18766', port))).toBe(1);
  } finally {
    await shell.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('docs/spec-kit.md: every command stands there with its options, and the example is one', () => {
  const rows = [...page('spec-kit').matchAll(/^\| (`[^|]*`) \|[^|]*\|([^|]*)\|/gm)];
  const told = rows.flatMap(([, names, options]) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => [name, options.match(/--[a-z-]+/g) ?? []]),
  );
  expect(Object.fromEntries(told.filter(([name]) => name !== 'command'))).toEqual(
    Object.fromEntries(Object.entries(COMMANDS).map(([name, { options }]) => [name, Object.keys(options)])),
  );
  const [, run] = readBlocks('docs/spec-kit.md').filter(({ language }) => language === 'json');
  expect(() => checkCommand(JSON.parse(run.text))).not.toThrow();
});

test('docs/streams.md: every code that a connection is closed with stands there', () => {
  const told = [...page('streams').matchAll(/^\| ((?:\d{4}(?:, )?)+) \|/gm)].flatMap(([, codes]) => codes.split(', ').map(Number));
  // 1009 is the protocol's own.
  expect(told.filter((code) => code !== 1009).sort()).toEqual([...CLOSE_CODES].sort());
});
