import { expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { loadArtifact } from '../../../runtime/router/load-artifact.ts';
import type { Manifest } from '../../../schema/manifest.ts';

const POLICY = `
backends:
  house: { type: ollama, models: { m: {}, n: {} } }
  sky: { type: generic, zone: open, url: "http://127.0.0.1:9", models: { m: { price: free }, n: { price: free } } }
  far: { type: generic, zone: open, url: "http://127.0.0.1:8", models: { m: { price: free, capabilities: [tools] } } }
auto: { secret: { candidates: ["*"] }, any: { candidates: ["*"] } }
traffic: [{ name: inside, match: { model: secret }, privacy: restricted }]
`;

test('a router whose privacy table lets one more target in is refused by its self-test, whichever target it is', async () => {
  const { artifact } = await compile([{ file: 'policies/policy.yaml', text: POLICY }]);
  const source = artifact!.files.get('router.js')!;
  const manifest = JSON.parse(artifact!.files.get('manifest.json')!) as Manifest;
  await loadArtifact({ manifest, source });
  const row = /0b(\d+), \/\/ restricted/.exec(source)!;
  expect(row[1]).toBe('11000');
  for (const target of [2, 3, 4]) {
    const masks = `0b${row[1]!.slice(0, target)}1${row[1]!.slice(target + 1)}, // restricted`;
    const opened = source.replace(row[0], masks);
    await expect(async () => loadArtifact({ manifest, source: opened }), masks).rejects.toThrow('[self-test]');
  }
});
