import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ANALYSIS_RULES, analyze } from '../../../compiler/analyze/analyze.ts';
import { buildPolicySet } from '../../build/policy-set.ts';

test('every rule is listed, and its file bears its slug', () => {
  const files = readdirSync(join(import.meta.dirname, '../../../compiler/analyze/rules')).map((file) => file.replace(/\.ts$/, ''));
  expect(files).toContain('shadowed');
  expect(ANALYSIS_RULES.map(({ slug }) => slug).sort()).toEqual(files.sort());
});

test('a policy without backends, targets or names is judged in peace', () => {
  expect(analyze(buildPolicySet({ backends: [] }))).toEqual([]);
});

test('all rules have their say at once', () => {
  const findings = analyze(
    buildPolicySet({
      backends: [
        { name: 'a', url: 'u' },
        { name: 'b', url: 'u' },
      ],
      targets: [{ backend: 'a', model: 'm' }],
      virtual: { v: [] },
      policies: [{}, {}],
    }),
  );
  expect(findings.map(({ rule }) => rule).sort()).toEqual(['empty-candidates', 'same-url', 'shadowed']);
});
