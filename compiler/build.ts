import { createHash } from 'node:crypto';
import type { Manifest } from '../schema/manifest.ts';
import type { PolicySet } from '../schema/policy-set.ts';
import { emit } from './emit/emit.ts';
import { loosen } from './interpret/loosen.ts';
import { plan } from './plan/plan.ts';
import { loadRouter } from './prove/load-router.ts';
import { type Proven, prove } from './prove/prove.ts';
import type { Source } from './understand.ts';
import { VERSION } from './version.ts';
import { writeManifest } from './write-manifest.ts';

export interface Artifact {
  readonly manifest: Manifest;
  /** Files by name, in the order in which they must be written: the manifest last. */
  readonly files: ReadonlyMap<string, string>;
}

/** Router and interpreter differ: a fault of the compiler. Nothing was written. */
export class ProofError extends Error {
  readonly difference: NonNullable<Proven['difference']>;
  constructor(difference: NonNullable<Proven['difference']>) {
    const { what, expected, got, request } = difference;
    super(`the router differs from the interpreter in ${what}: expected ${expected}, got ${got}, for ${JSON.stringify(request)}`);
    this.name = 'ProofError';
    this.difference = difference;
  }
}

/** The path behind understanding. Throws `ProofError` when what was emitted is not what the policy means. */
export async function build(
  set: PolicySet,
  sources: readonly Source[],
  invariants: Manifest['proof']['invariants'] = [],
): Promise<Artifact> {
  const inputs = sources.map(({ file, text }) => ({ file, sha256: hashOf(text) }));
  const planned = plan(set);
  const emitted = await emit(set, planned, { compiler: VERSION, sources: inputs });
  const router = loadRouter(emitted.loadable);
  const proven = prove(set, router);
  if (proven.difference) throw new ProofError(proven.difference);
  // What is only observed decides nothing: then the router without it is the one that serves.
  const plain = set.enforcement === 'shadow' ? prove(loosen(set), router.plain()) : null;
  if (plain?.difference) throw new ProofError(plain.difference);
  const manifest = writeManifest(set, planned, {
    compiler: VERSION,
    sources: inputs,
    router: hashOf(emitted.loadable),
    page: hashOf(emitted.page),
    statements: emitted.statements,
    proof: { ...proven.proof, invariants },
    selfTest: proven.selfTest,
  });
  const files = new Map([
    ['kernel.ts', emitted.kernel],
    ['router.ts', emitted.page],
    ['router.js', emitted.loadable],
    ['manifest.json', `${JSON.stringify(manifest, null, 1)}\n`],
  ]);
  return { manifest, files };
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
