import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatImport, formatImportJson, summarizeImport } from '../../../compiler/cli/formats/format-import.ts';
import { paintFor } from '../../../compiler/cli/formats/paint.ts';
import { formatYaml } from '../../../compiler/cli/format-yaml.ts';
import { importLitellm } from '../../../compiler/import/import-litellm.ts';
import { understand } from '../../../compiler/understand.ts';

const FOLDER = fileURLToPath(new URL('../../import/', import.meta.url));
const PLAIN = paintFor({ env: {}, stdout: { write: () => true } });
const names = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe.each(names)('%s', (name) => {
  const text = readFileSync(join(FOLDER, name, 'config.yaml'), 'utf8');
  const imported = importLitellm({ file: 'config.yaml', text });
  const policy = imported.files.map((file) => formatYaml(file.text)).join('\n');
  const report = `${formatImport(imported.notes, 'config.yaml', PLAIN)}${summarizeImport(imported.notes)}\n`;

  test('it is read', () => expect(imported.diagnostics).toEqual([]));

  test('the policy and the report are those that are expected', async () => {
    await expect(policy).toMatchFileSnapshot(join(FOLDER, name, 'policy.yaml'));
    await expect(report).toMatchFileSnapshot(join(FOLDER, name, 'report.txt'));
  });

  test('the policy has no errors, in several files and in one', () => {
    const errors = (sources: Parameters<typeof understand>[0]) =>
      understand(sources).diagnostics.filter(({ severity }) => severity === 'error');
    expect(errors(imported.files)).toEqual([]);
    expect(errors([{ file: 'policy.yaml', text: policy }])).toEqual([]);
  });

  test('the second import is the first, byte for byte', () => {
    expect(importLitellm({ file: 'config.yaml', text })).toEqual(imported);
  });

  test('no secret is in what is written or said', () => {
    expect(`${policy}${report}${formatImportJson(imported)}`).not.toMatch(/CANARY/);
  });
});

test('there are samples, with secrets among them', () => {
  expect(names.length).toBeGreaterThanOrEqual(8);
  expect(readFileSync(join(FOLDER, 'keys-in-the-open/config.yaml'), 'utf8').match(/CANARY/g)!.length).toBeGreaterThanOrEqual(12);
});
