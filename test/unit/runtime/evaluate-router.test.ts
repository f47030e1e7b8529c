import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test } from 'vitest';
import { Failure } from '../../../runtime/failure.ts';
import { loadArtifact } from '../../../runtime/router/load-artifact.ts';
import { evaluateRouter } from '../../../runtime/router/evaluate-router.ts';
import type { Manifest } from '../../../schema/manifest.ts';
import { compileText } from '../../e2e/policyd.ts';

let manifest: Manifest;
let source: string;
/** Most heap that one swap may keep, in bytes: other ways to load a module keep 60 KB and more. */
const KEPT = 4_096;

beforeAll(async () => {
  const models = Array.from({ length: 40 }, (_, row) => `m${row}: { quality: 0.${row + 10} }`).join(', ');
  const files = await compileText(`backends: { b: { type: vllm, url: "http://127.0.0.1:1", models: { ${models} } } }`);
  manifest = JSON.parse(files.get('manifest.json')!) as Manifest;
  source = files.get('router.js')!;
});

test('a router is loaded, proven and warm', async () => {
  const { module } = await loadArtifact({ manifest, source });
  expect(module.targets).toBe(40);
  expect(module.resolve('m7')).toBeGreaterThanOrEqual(0);
});

test('another result than the self-test’s is refused, and so is none to compare with', async () => {
  const wrong = {
    ...manifest,
    selfTest: manifest.selfTest.map((vector, row) => (row === 0 ? { ...vector, code: vector.code + 1 } : vector)),
  };
  await expect(loadArtifact({ manifest: wrong, source })).rejects.toThrow('[self-test]');
  await expect(loadArtifact({ manifest: { ...manifest, selfTest: [] }, source })).rejects.toThrow('[self-test]');
});

test('what is no program, or throws, is refused as a failure that can be told', () => {
  for (const bad of ['return {', 'throw new Error("x")']) expect(() => evaluateRouter(bad, 'router.js')).toThrow(Failure);
});

test('a swap keeps no memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const measure = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  for (let swap = 0; swap < 20; swap++) evaluateRouter(`${source}\n// ${swap}`, 'router.js');
  const before = measure();
  const swaps = 200;
  for (let swap = 0; swap < swaps; swap++) evaluateRouter(`${source}\n// again ${swap}`, 'router.js');
  expect((measure() - before) / swaps).toBeLessThan(KEPT);
});
