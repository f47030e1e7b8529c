import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MANIFEST_FORMAT, type Manifest } from '../../schema/manifest.ts';
import { ROUTER_FORMAT } from '../../schema/router.ts';
import { Failure } from '../failure.ts';
import type { Artifact } from './artifact.ts';
import { evaluateRouter } from './evaluate-router.ts';
import { runSelfTest } from './run-self-test.ts';

/** What a folder holds at the moment: not yet verified beyond its hashes. */
export interface ArtifactFiles {
  readonly manifest: Manifest;
  readonly source: string;
}

/** The folder holds no whole artifact: none at all, or one that is being written. Worth another look later. */
export class Incomplete extends Failure {}

/**
 * Reads `manifest.json` and the router beside it.
 *
 * @throws Incomplete `[artifact-missing]` or `[artifact-incomplete]`; Failure `[artifact-format]`.
 */
export async function readArtifact(folder: string): Promise<ArtifactFiles> {
  const text = await readText(join(folder, 'manifest.json'), folder);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw new Incomplete('artifact-incomplete', [`\`${join(folder, 'manifest.json')}\` is no JSON`], `write it again: ${COMPILE}`);
  }
  if (manifest?.format !== MANIFEST_FORMAT || typeof manifest.router?.file !== 'string') {
    const problem = `\`${folder}\` holds an artifact of format \`${manifest?.format}\`, this policyd reads ${MANIFEST_FORMAT}`;
    throw new Failure('artifact-format', [problem], `compile the policy with the policyc of the same version: ${COMPILE}`);
  }
  const { hash, ...rest } = manifest;
  if (sha256(JSON.stringify(rest)) !== hash) {
    throw new Incomplete('artifact-incomplete', [`\`${join(folder, 'manifest.json')}\` was changed after it was made`], COMPILE);
  }
  const file = join(folder, basename(manifest.router.file));
  const source = await readText(file, folder);
  if (sha256(source) !== manifest.router.sha256) {
    throw new Incomplete('artifact-incomplete', [`\`${file}\` is not the router that the manifest names`], COMPILE);
  }
  return { manifest, source };
}

/**
 * Makes the router of a folder's files and proves it on its self-test, which also warms it.
 *
 * @throws Failure `[router-format]`, `[router-broken]` or `[self-test]`.
 */
export function loadArtifact(files: ArtifactFiles): Artifact {
  const { manifest, source } = files;
  const module = evaluateRouter(source, manifest.router.file);
  if (module.format !== ROUTER_FORMAT || module.targets !== manifest.targets.length) {
    const problem = `the router has format ${module.format} and ${module.targets} targets, not ${ROUTER_FORMAT} and ${manifest.targets.length}`;
    throw new Failure('router-format', [problem], COMPILE);
  }
  runSelfTest(module, manifest);
  return { manifest, module };
}

const COMPILE = 'run `policyc compile <policy folder> --out <this folder>`';

async function readText(path: string, folder: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? `\`${folder}\` holds no \`${basename(path)}\`` : `\`${path}\` can't be read (${code})`;
    throw new Incomplete('artifact-missing', [problem], `${COMPILE}, or point --policy at the right one`);
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
