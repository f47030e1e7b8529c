import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { understand } from '../../compiler/understand.ts';
import { readBlocks } from './read-blocks.ts';

const blocks = readBlocks('docs/policy.md');

test('the page is one policy without findings, and it compiles', async () => {
  const sources = blocks
    .filter(({ language, kind }) => language === 'yaml' && kind === '')
    .map(({ text, line }) => ({ file: `policies/block-at-line-${line}.yaml`, text }));
  expect(sources.length).toBeGreaterThan(4);
  const { artifact, diagnostics } = await compile(sources);
  expect(diagnostics).toEqual([]);
  expect(artifact?.manifest.plan.route.branches).toBe(0);
});

test.each(blocks.filter(({ kind }) => kind !== ''))('the mistake at line $line is found as $kind', ({ kind, text }) => {
  const { diagnostics } = understand([{ file: 'policies/policy.yaml', text }]);
  expect(diagnostics.map(({ rule }) => rule)).toEqual([kind]);
});
