import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MANIFEST_FORMAT, type Manifest } from '../../schema/manifest.ts';
import type { Place } from '../../schema/policy-set.ts';
import type { Price } from '../../schema/price.ts';
import { understand } from '../understand.ts';
import { type Io, UsageError } from './command.ts';
import { formatPretty } from './formats/format-pretty.ts';
import { paintFor } from './formats/paint.ts';
import { readPolicyFolder } from './read-policy.ts';

/** What every target of a policy or an artifact costs. */
export interface PriceList {
  /** Name, version and day of the price table. */
  readonly table: string;
  readonly targets: readonly PricedTarget[];
}

export interface PricedTarget {
  /** `backend/model`. */
  readonly target: string;
  /** The model's name at the backend. */
  readonly upstream: string;
  readonly price: Price;
  /** Where the target is written; an artifact does not say. */
  readonly place: Place | null;
}

/**
 * Prices of a policy folder, of an artifact folder or of a manifest. Null where the policy has errors: they were printed. Throws
 * `UsageError` where there is none of them.
 */
export async function listPrices(named: string, io: Io): Promise<PriceList | null> {
  const path = resolve(io.cwd, named);
  const info = await stat(path).catch(() => null);
  if (info?.isFile()) return listOfManifest(named, await readFile(path, 'utf8'));
  const manifest = info?.isDirectory() ? await readFile(join(path, 'manifest.json'), 'utf8').catch(() => null) : null;
  if (manifest !== null) return listOfManifest(named, manifest);
  const sources = await readPolicyFolder(named, io);
  const { set, diagnostics } = understand(sources);
  if (set === null) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    io.stderr.write(formatPretty({ diagnostics: errors, sources }, paintFor({ env: io.env, stdout: io.stderr })));
    return null;
  }
  const targets = set.targets.map(({ backend, model, upstream, price, place }) => ({
    target: `${set.backends[backend].name}/${set.models[model].name}`,
    upstream,
    price,
    place,
  }));
  return { table: set.priceTable, targets };
}

function listOfManifest(named: string, text: string): PriceList {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    throw new UsageError(`\`${named}\` is not JSON`, 'name a policy folder, an artifact folder or its `manifest.json`');
  }
  if (manifest.format !== MANIFEST_FORMAT || !Array.isArray(manifest.targets)) {
    throw new UsageError(`\`${named}\` is not the manifest of an artifact of this version`, 'write it again with `policyc compile`');
  }
  const targets = manifest.targets.map(({ backend, model, upstream, price }) => ({
    target: `${manifest.backends[backend].name}/${model}`,
    upstream,
    price,
    place: null,
  }));
  return { table: manifest.prices, targets };
}
