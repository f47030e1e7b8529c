import { expect, test } from 'vitest';
import { checkRule } from './check-rule.ts';

const url = 'http://127.0.0.1:11434';

test('warns of the second backend with a url, with the place of the first', () => {
  const findings = checkRule('same-url', { backends: [{ name: 'a', url }, { name: 'b' }, { name: 'c', url }, { name: 'd', url }] });
  expect(findings).toHaveLength(2);
  expect(findings[0]).toMatchObject({
    severity: 'warning',
    message: 'backend `c` has the same url as `a`: their load, health and `max_in_flight` are counted apart',
    place: { line: 3 },
    related: [{ message: '`a` is defined here', place: { line: 1 } }],
  });
});

test('is silent about different urls', () => {
  expect(
    checkRule('same-url', {
      backends: [
        { name: 'a', url },
        { name: 'b', url: `${url}/b` },
      ],
    }),
  ).toEqual([]);
});
