import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MANIFEST_FORMAT, type Manifest } from '../../schema/manifest.ts';
import { ROUTER_FORMAT } from '../../schema/router.ts';
import { Failure } from '../failure.ts';
import type { Artifact } from './artifact.ts';
import { evaluateRouter } from './evaluate-router.ts';
import { runSelfTest } from './run-self-test.ts';
import { type Trust, verifySignature } from './verify-signature.ts';

/** What a folder holds at the moment: not yet verified beyond its hashes. */
export interface ArtifactFiles {
  readonly manifest: Manifest;
  readonly source: string;
  /** Id of the trusted key that vouches for it; null where no signature was asked for. */
  readonly signedBy?: string | null;
}

/** The folder holds no whole artifact: none at all, or one that is being written. Worth another look later. */
export class Incomplete extends Failure {}

/**
 * Reads `manifest.json` and the router beside it, and the signature where one must be there.
 *
 * @param trust null = anybody's artifact will do.
 * @throws Incomplete `[artifact-missing]`, `[artifact-incomplete]` or, of signatures, a `SignatureFault`; Failure `[artifact-format]`.
 */
export async function readArtifact(folder: string, trust: Trust | null): Promise<ArtifactFiles> {
  const path = join(folder, 'manifest.json');
  const text = await readText(path, folder);
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw new Incomplete('artifact-incomplete', [`\`${path}\` is no JSON`], `write it again: ${COMPILE}`);
  }
  verifyManifest(manifest, path);
  const file = join(folder, basename(manifest.router.file));
  const source = await readText(file, folder);
  verifyRouter(manifest, source, file);
  if (trust === null) return { manifest, source, signedBy: null };
  const signature = await readFile(join(folder, 'manifest.sig'), 'utf8').catch(() => null);
  return { manifest, source, signedBy: verifySigner(text, signature, trust, `\`${folder}\``) };
}

/**
 * Reads an artifact that was handed over as values.
 *
 * @param signature `manifest.sig`, as a value or as its text.
 * @throws as `readArtifact` does.
 */
export function readUpload(manifest: unknown, source: string, signature: unknown, trust: Trust | null): ArtifactFiles {
  verifyManifest(manifest, 'manifest');
  verifyRouter(manifest, source, 'router');
  if (trust === null) return { manifest, source, signedBy: null };
  const text = signature === undefined ? null : typeof signature === 'string' ? signature : JSON.stringify(signature);
  // The bytes that `policyc compile` writes for these values, so those that were signed.
  return { manifest, source, signedBy: verifySigner(`${JSON.stringify(manifest, null, 1)}\n`, text, trust, 'the artifact') };
}

/** A signature is written after its manifest: until then the folder is not whole. */
function verifySigner(manifest: string, signature: string | null, trust: Trust, place: string): string {
  const verified = verifySignature(manifest, signature, trust);
  if ('key' in verified) return verified.key;
  throw new Incomplete(verified.fault, [`${place} is refused: ${verified.words}`], SIGN);
}

/** Is the manifest one of ours, as it was made? @throws Failure `[artifact-format]`, Incomplete `[artifact-incomplete]`. */
export function verifyManifest(manifest: unknown, place: string): asserts manifest is Manifest {
  const { format, router } = (manifest ?? {}) as Partial<Manifest>;
  if (format !== MANIFEST_FORMAT || typeof router?.file !== 'string') {
    const problem = `\`${place}\` is of an artifact of format \`${format}\`, this policyd reads ${MANIFEST_FORMAT}`;
    throw new Failure('artifact-format', [problem], `compile the policy with the policyc of the same version: ${COMPILE}`);
  }
  const { hash, ...hashed } = manifest as Manifest;
  if (sha256(JSON.stringify(hashed)) !== hash) {
    throw new Incomplete('artifact-incomplete', [`\`${place}\` was changed after it was made`], COMPILE);
  }
}

/** @throws Incomplete `[artifact-incomplete]` where the source is not the one that the manifest names. */
export function verifyRouter(manifest: Manifest, source: string, place: string): void {
  if (sha256(source) === manifest.router.sha256) return;
  throw new Incomplete('artifact-incomplete', [`\`${place}\` is not the router that the manifest names`], COMPILE);
}

/**
 * Makes the router of verified files and proves it on its self-test, which also warms it; requests are served in between.
 *
 * @throws Failure `[router-format]`, `[router-broken]`, `[router-slow]` or `[self-test]`.
 */
export async function loadArtifact(files: ArtifactFiles): Promise<Artifact> {
  const { manifest, source } = files;
  const module = evaluateRouter(source, manifest.router.file);
  if (module?.format !== ROUTER_FORMAT || module.targets !== manifest.targets.length) {
    const problem = `the router has format ${module?.format} and ${module?.targets} targets, not ${ROUTER_FORMAT} and ${manifest.targets.length}`;
    throw new Failure('router-format', [problem], COMPILE);
  }
  await runSelfTest(module, manifest);
  return { manifest, module, text: source, signedBy: files.signedBy ?? null };
}

const SIGN = 'sign it with a key that --trust names: `policyc sign <this folder> --key <private key>`';
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
