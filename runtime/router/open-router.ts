import type { Backend } from '../backends/backend.ts';
import type { BackendAddress } from '../backends/resolve-backend.ts';
import { resolveBackend } from '../backends/resolve-backend.ts';
import type { Fleet } from '../backends/fleet.ts';
import { Failure } from '../failure.ts';
import { loadEncoding } from '../intent/tokens/encoding.ts';
import type { Artifact } from './artifact.ts';
import type { LiveRouter } from './live-router.ts';
import { LiveState } from './live-state.ts';
import { RouterTally } from './router-tally.ts';
import type { Trust } from './verify-signature.ts';

/** Sections that guard something: a server that would not enforce them must be told so. */
const GUARDS = ['budgets', 'keys', 'invariants'];

export interface OpenOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allowUnenforced: boolean;
  /** Does anybody but this machine reach the server? Then callers must have keys. */
  readonly exposed: boolean;
  readonly source: string;
  /** Keys that must vouch for an artifact; null = any artifact will do. */
  readonly trust: Trust | null;
  /** Caps of cost, floors of quality and SLAs decide nothing. */
  readonly constraintsOff: boolean;
}

/**
 * Brings an artifact to life: resolves its backends in this environment, starts those that are new, lays the first order.
 *
 * @throws Failure `[environment]`, `[not-enforced]` or `[no-keys]`.
 */
export function openRouter(artifact: Artifact, fleet: Fleet, options: OpenOptions): { router: LiveRouter; started: Promise<unknown> } {
  const { manifest } = artifact;
  refuseUnenforced(manifest.unenforced, options.allowUnenforced);
  if (options.exposed && manifest.callers.length === 0) {
    throw new Failure(
      'no-keys',
      ['the policy has no caller keys, so only loopback may be served'],
      'add a `keys:` section (`policyc keys new` makes one), or serve on --host 127.0.0.1',
    );
  }
  const problems: string[] = [];
  const addresses: BackendAddress[] = manifest.backends.map((config) => resolveBackend(config, options.env, problems));
  if (problems.length > 0) {
    throw new Failure('environment', problems, 'set the variables in the environment of policyd, or correct the policy');
  }
  // Reading a vocabulary takes many times the budget of a decision: here, so that no request pays for it.
  for (const encoding of new Set(manifest.targets.map((target) => target.encoding))) loadEncoding(encoding);
  const { backends, started } = fleet.take(manifest.backends, addresses);
  try {
    return { router: assemble(artifact, backends, options), started };
  } catch (error) {
    fleet.giveBack(backends);
    throw error;
  }
}

function assemble(
  { manifest, module: compiled, text, signedBy }: Artifact,
  backends: readonly Backend[],
  options: OpenOptions,
): LiveRouter {
  const constraints = options.constraintsOff ? 'off' : (manifest.enforcement ?? 'enforce');
  const module = constraints === 'enforce' ? compiled : compiled.plain();
  const strict = constraints === 'shadow' ? { module: compiled, state: new LiveState(compiled, manifest, backends) } : null;
  // A rate of tokens is kept with what answers tell, whatever they cost.
  const counts = manifest.callers.some(({ rate }) => rate?.tokens);
  const routes = manifest.targets.map((config, row) => ({
    row,
    config,
    backend: backends[config.backend],
    name: `${manifest.backends[config.backend].name}/${config.model}`,
    priced: config.price.input > 0 || config.price.output > 0,
    metered: counts || config.price.input > 0 || config.price.output > 0,
  }));
  const callers = new Map(manifest.callers.map((caller, row) => [caller.sha256, row]));
  return {
    hash: manifest.hash,
    loadedAt: new Date(),
    source: options.source,
    signedBy,
    manifest,
    module,
    text,
    constraints,
    strict,
    // Last, for it listens to the backends.
    state: new LiveState(module, manifest, backends, strict?.state ?? null),
    backends,
    routes,
    callers,
    inFlight: 0,
    tally: new RouterTally(),
    closed: false,
  };
}

function refuseUnenforced(sections: readonly string[], allowed: boolean): void {
  const guards = sections.filter((section) => GUARDS.includes(section.split('.')[0]));
  if (guards.length === 0 || allowed) return;
  throw new Failure(
    'not-enforced',
    guards.map((section) => `the policy's section \`${section}\` is not enforced by this version`),
    'take it out of the policy, or start with --allow-unenforced if traffic may flow without it',
  );
}
