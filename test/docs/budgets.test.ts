import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { OPTIONS } from '../../runtime/config/options.ts';
import { readBlocks } from './read-blocks.ts';

const sources = readBlocks('docs/budgets.md')
  .filter(({ language }) => language === 'yaml')
  .map(({ text, line }) => ({ file: `policies/block-at-line-${line}.yaml`, text }));

test('the page is one policy: without its last block it enforces, with it it observes', async () => {
  expect(sources).toHaveLength(2);
  for (const [count, enforcement] of [
    [1, undefined],
    [2, 'shadow'],
  ] as const) {
    const { artifact, diagnostics } = await compile(sources.slice(0, count));
    expect(diagnostics).toEqual([]);
    const { manifest } = artifact!;
    expect([manifest.enforcement, manifest.unenforced, manifest.budgets.length]).toEqual([enforcement, [], 4]);
    expect(manifest.callers[0].rate).toEqual({ requests: { most: 600, ms: 60_000 }, tokens: { most: 2_000_000, ms: 60_000 } });
  }
});

test('the switch that it names is one', () => {
  expect(OPTIONS.find(({ flag }) => flag === 'constraints')?.choices).toEqual(['policy', 'off']);
});
