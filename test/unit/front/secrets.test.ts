import { describe, expect, it } from 'vitest';
import { formatGithub } from '../../../compiler/cli/formats/format-github.ts';
import { formatJson } from '../../../compiler/cli/formats/format-json.ts';
import { formatJunit } from '../../../compiler/cli/formats/format-junit.ts';
import { formatPretty } from '../../../compiler/cli/formats/format-pretty.ts';
import { formatSarif } from '../../../compiler/cli/formats/format-sarif.ts';
import { paintFor } from '../../../compiler/cli/formats/paint.ts';
import { maskSecrets } from '../../../compiler/diagnostics/mask-secrets.ts';
import { understandText } from './understand-text.ts';

const CANARY = 'canary7secret7canary';

describe('a key that is written where none belongs', () => {
  it.each([
    `backends: { a: { type: openai, api_key: ${CANARY}, models: { m: {} } } }`,
    `backends: { a: { type: openai, api_key: "${CANARY} and more", models: { m: {} } } }`,
    `backends: { a: { type: openai, api_key_env: sk-${CANARY}, models: { m: {} } } }`,
    `backends: { a: { type: vllm, url: "http://user:${CANARY}@h", models: { m: {} } } }`,
    `backends: { a: { type: sk-${CANARY}, models: { m: {} } } }`,
    `keys: { a: { sha256: ${CANARY} } }`,
    `keys: { a: { sha256: "pk-${CANARY}", teem: x } }`,
    `keys: { pk-${CANARY}: {} }`,
  ])('is shown nowhere: %s', (text) => {
    const report = understandText(text);
    expect(report.diagnostics.length).toBeGreaterThan(0);
    const shown = [
      formatPretty(report, paintFor({ env: {}, stdout: { write: () => true } })),
      formatJson(report),
      formatSarif(report),
      formatGithub(report),
      formatJunit(report),
    ].join('\n');
    expect(shown).not.toContain(CANARY);
  });

  it('keeps the columns of what stands around it', () => {
    const line = '    api_key: sk-0123456789abcdef # rotate';
    expect(maskSecrets(line)).toHaveLength(line.length);
    expect(maskSecrets(line)).toMatch(/# rotate$/);
  });

  it.each([
    'api_key_env: OPENAI_API_KEY',
    `sha256: "${'ab'.repeat(32)}"`,
    'url: http://127.0.0.1:1',
    '- name: key-accounts',
  ])('leaves %s alone', (line) => {
    expect(maskSecrets(line)).toBe(line);
  });
});
