import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Manifest } from '../../schema/manifest.ts';
import { type Side, sideOfArtifact, sideOfSet } from '../diff/side.ts';
import { emit } from '../emit/emit.ts';
import { plan } from '../plan/plan.ts';
import { hashOf } from '../build.ts';
import { loadRouter } from '../prove/load-router.ts';
import { type Source, understand } from '../understand.ts';
import { VERSION } from '../version.ts';
import { type Io, UsageError } from './command.ts';
import { formatPretty } from './formats/format-pretty.ts';
import { paintFor } from './formats/paint.ts';
import { readGitFolder } from './read-git.ts';
import { readPolicyFolder } from './read-policy.ts';

/** The policy has errors; they were printed. */
export class BrokenPolicy extends Error {}

/**
 * One side of a comparison, by name: an artifact folder, a policy folder, or `ref` or `ref:folder` of git (`policies` where no folder is
 * named). Throws `UsageError` where there is none of them, `BrokenPolicy` where the policy has errors.
 */
export async function readSide(named: string, io: Io): Promise<Side> {
  const path = resolve(io.cwd, named);
  const info = await stat(path).catch(() => null);
  if (info?.isDirectory()) {
    if ((await stat(join(path, 'manifest.json')).catch(() => null)) !== null) return await readArtifactSide(named, path);
    return await sideOfSources(named, await readPolicyFolder(named, io), io);
  }
  const [ref, ...folder] = named.split(':');
  return await readGitSide(ref, folder.join(':') || 'policies', io);
}

/** The policy folder as it stands in a commit. */
export async function readGitSide(ref: string, folder: string, io: Io): Promise<Side> {
  return await sideOfSources(`${ref}:${folder}`, await readGitFolder(ref, folder, io.cwd), io);
}

async function sideOfSources(label: string, sources: readonly Source[], io: Io): Promise<Side> {
  const { set, diagnostics } = understand(sources);
  if (set === null) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    io.stderr.write(formatPretty({ diagnostics: errors, sources }, paintFor({ env: io.env, stdout: io.stderr })));
    throw new BrokenPolicy(`\`${label}\` has ${errors.length} error${errors.length === 1 ? '' : 's'}`);
  }
  const { loadable } = await emit(set, plan(set), { compiler: VERSION, sources: [] });
  return sideOfSet(label, set, loadRouter(loadable));
}

/** An artifact as `policyc compile` wrote it; what does not fit together is refused. */
async function readArtifactSide(label: string, path: string): Promise<Side> {
  const { manifest, router } = await readArtifactFiles(label, path);
  return sideOfArtifact(label, manifest, loadRouter(router));
}

/** Manifest, its text, and router of an artifact folder, with hashes that fit; throws `UsageError`. */
export async function readArtifactFiles(label: string, path: string): Promise<{ manifest: Manifest; text: string; router: string }> {
  const read = (name: string): Promise<string> =>
    readFile(join(path, name), 'utf8').catch(() => {
      throw broken(label, `holds no \`${name}\` that can be read`);
    });
  const text = await read('manifest.json');
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    throw broken(label, 'holds a `manifest.json` that is no JSON');
  }
  const { hash, ...hashed } = manifest;
  if (hashOf(JSON.stringify(hashed)) !== hash) throw broken(label, 'holds a `manifest.json` that was changed after it was made');
  const router = await read('router.js');
  if (hashOf(router) !== manifest.router.sha256) throw broken(label, 'holds another `router.js` than its manifest names');
  return { manifest, text, router };
}

const broken = (label: string, what: string): UsageError =>
  new UsageError(`\`${label}\` ${what}`, `write it again with \`policyc compile --out ${label}\``);
