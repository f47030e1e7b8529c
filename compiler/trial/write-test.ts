import { stringify } from 'yaml';
import type { PolicyTest } from './policy-test.ts';

/** Tests as text, as entries of `tests:`. */
export function writeTests(tests: readonly PolicyTest[]): string {
  return tests.map((test) => writeTest(test)).join('\n');
}

/** One line a key: what is read at a glance stays together. */
function writeTest({ name, ...rest }: PolicyTest): string {
  const lines = Object.entries(rest).map(([key, value]) => `    ${key}: ${inFlow(value)}`);
  return `  - name: ${inFlow(name)}\n${lines.join('\n')}\n`;
}

const inFlow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0, defaultStringType: 'PLAIN' }).trim();
