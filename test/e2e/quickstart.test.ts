import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { makeFreshCopy } from '../docs/fresh-copy.ts';
import { findMissing, readBlocks } from '../docs/read-blocks.ts';
import { type Ran, Shell } from '../docs/shell.ts';

const PAGE = 'docs/quickstart.md';

let copy: string;
let upstream: Upstream;
let shell: Shell;

beforeAll(async () => {
  copy = makeFreshCopy();
  upstream = await Upstream.start({ models: ['llama3.2'], resident: ['llama3.2'] });
  shell = new Shell(copy, { OLLAMA_URL: upstream.url });
});
afterAll(async () => {
  await shell.stop();
  await upstream.stop();
  rmSync(copy, { recursive: true, force: true });
});

test('the quickstart does what it says, in a fresh copy', { timeout: 180_000 }, async () => {
  const port = String(await findFreePort());
  const adapt = (text: string): string => text.replaceAll('8080', port);
  let last: Ran | null = null;
  let shown = 0;
  for (const { language, kind, text, line } of readBlocks(PAGE)) {
    const place = `${PAGE}:${line}`;
    if (language === 'text') {
      expect(findMissing(adapt(text), last!.output), `${place}: lines that are not in\n${last!.output}`).toEqual([]);
      shown++;
      continue;
    }
    expect(language, place).toBe('sh');
    if (kind === 'install') expect(text.trim(), place).toBe('npm ci');
    else if (kind === 'serve') last = await shell.start(adapt(text), /serving on/);
    else {
      last = await shell.run(adapt(text));
      expect(last.code, `${place}: ${last.output}`).toBe(kind === 'fails' ? 1 : 0);
    }
  }
  expect(shown).toBeGreaterThan(5);
  expect(upstream.calls.length).toBe(1);
});

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
