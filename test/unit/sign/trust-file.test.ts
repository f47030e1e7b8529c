import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeKeys, readPublicKeys } from '../../../compiler/sign/signature.ts';
import { readTrust } from '../../../runtime/router/verify-signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'policyc-trust-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [one, two] = [makeKeys(), makeKeys()];
const readers: readonly (readonly [string, (text: string) => ReadonlyMap<string, unknown>])[] = [
  ['policyc', readPublicKeys],
  [
    'policyd',
    (text) => {
      const file = join(folder, 'trust');
      writeFileSync(file, text);
      return readTrust(file);
    },
  ],
];

describe.each(readers)('a file of trusted keys, as %s reads it', (_, read) => {
  test('several keys, with words between them', () => {
    expect([...read(`# reviewers\n${one.publicKey}# pipeline\n${two.publicKey}`).keys()]).toEqual([one.id, two.id]);
  });

  test.each([
    ['cut short at the end', `${one.publicKey}${two.publicKey.slice(0, -30)}`],
    ['cut short at the beginning', `${two.publicKey.slice(40)}${one.publicKey}`],
    ['a private key', `${one.publicKey}${two.privateKey}`],
    ['no key', 'nothing'],
  ])('refused whole: %s', (_what, text) => {
    expect(() => read(text)).toThrow();
  });
});
