import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { OPTIONS } from '../../runtime/config/options.ts';
import { fenceOf } from '../../runtime/orchestrator/peers/fence.ts';
import { PEER_STATES } from '../../runtime/orchestrator/peers/peer-state.ts';
import { readBlocks } from './read-blocks.ts';

const page = readFileSync(join(fileURLToPath(new URL('../../', import.meta.url)), 'docs/peers.md'), 'utf8');

test('the key of the page is one', async () => {
  const blocks = readBlocks('docs/peers.md');
  expect(blocks.map(({ language }) => language)).toEqual(['yaml']);
  const backend = { file: 'policies/b.yaml', text: 'backends: { box: { type: ollama, models: { m: {} } } }\n' };
  const { artifact, diagnostics } = await compile([{ file: 'policies/keys.yaml', text: blocks[0].text }, backend]);
  expect(diagnostics).toEqual([]);
  expect(artifact!.manifest.callers).toMatchObject([{ name: 'lab', scopes: ['peer'] }]);
});

test('its flags are there, and all flags of peers are on it', () => {
  const named = new Set(page.match(/--[a-z][a-z-]+/g));
  const known = OPTIONS.map(({ flag }) => `--${flag}`);
  for (const flag of named) expect(known, flag).toContain(flag);
  for (const flag of known.filter((each) => /^--(peer|tailscale)/.test(each))) expect(named, flag).toContain(flag);
});

test('its states are those that there are, and its times are true', () => {
  const told = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, state]) => state);
  expect(told.sort()).toEqual(PEER_STATES.filter((state) => state !== 'new').sort());
  expect(page).toContain('2 % of the lease and 7 s');
  expect([fenceOf(0), fenceOf(30_000)]).toEqual([7_000, 37_600]);
});
