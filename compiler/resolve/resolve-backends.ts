import type { BackendEntry, ModelEntry } from '../../schema/policy.ts';
import { type Backend, type Price, type Target, UNKNOWN_PRICE } from '../../schema/policy-set.ts';
import { type BackendType, CAPABILITIES, CLOUD_TYPES, type Zone } from '../../schema/vocabulary.ts';
import type { Named } from '../parse/merge.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import { checkUrl } from './check-url.ts';
import { type Desk, Register } from './desk.ts';
import { lookUpModel } from './price-table.ts';
import { overheadOf } from './overhead-of.ts';
import { reportDuration } from './report-duration.ts';
import { micros, picoPerToken, readDuration, readTokens } from './units.ts';

/** Where a server of the type usually listens; null: it can be anywhere. */
const USUAL_URL: Record<BackendType, string | null> = {
  openai: 'https://api.openai.com',
  anthropic: 'https://api.anthropic.com',
  google: 'https://generativelanguage.googleapis.com',
  ollama: 'http://127.0.0.1:11434',
  vllm: 'http://127.0.0.1:8000',
  llamacpp: 'http://127.0.0.1:8080',
  lmstudio: 'http://127.0.0.1:1234',
  generic: null,
};

const DEFAULT_TIMEOUTS = { connect: '2s', first_token: '1m', idle: '1m', total: '10m' } as const;
const DEFAULT_CAPABILITIES = CAPABILITIES.filter((capability) => capability !== 'vision' && capability !== 'embeddings');

export interface Servers {
  readonly backends: readonly Backend[];
  readonly backendRows: Register;
  /** In order of their backends; the model is a name until models have rows. */
  readonly targets: readonly (Omit<Target, 'model'> & { readonly name: string })[];
  /** Names of models that a faulty backend declares. */
  readonly hiddenModels: readonly string[];
}

export function resolveBackends(desk: Desk): Servers {
  const backendRows = new Register('backend');
  const backends: Backend[] = [];
  const targets: (Omit<Target, 'model'> & { readonly name: string })[] = [];
  const hiddenModels: string[] = [];
  for (const named of desk.sections.backends) {
    const backend = named.broken ? null : resolveBackend(named, desk);
    const served = backend === null ? null : resolveModels(named, backend, backends.length, desk);
    if (backend === null || served === null) {
      backendRows.hide(named.name);
      hiddenModels.push(...modelNamesOf(named));
      continue;
    }
    backendRows.add(named.name, backends.length);
    backends.push(backend);
    targets.push(...served);
  }
  return { backends, backendRows, targets, hiddenModels };
}

function resolveBackend({ name, entry, tree, spot }: Named<BackendEntry>, desk: Desk): Backend | null {
  const faults = desk.diagnostics.length;
  const isCloudType = CLOUD_TYPES.includes(entry.type);
  if (isCloudType && entry.api_key_env === undefined) {
    desk.report(
      'missing-backend-key',
      spot,
      `backend \`${name}\` of type \`${entry.type}\` has no \`api_key_env\``,
      `add \`api_key_env: ${entry.type.toUpperCase()}_API_KEY\`, the name of the variable that holds the key`,
    );
  }
  const zone: Zone | undefined = entry.zone ?? (isCloudType ? 'open' : entry.type === 'generic' ? undefined : 'restricted');
  if (zone === undefined) {
    desk.report(
      'missing-zone',
      spot,
      `backend \`${name}\` of type \`generic\` does not say its zone`,
      'add `zone: restricted` if the server is under your control, else `zone: open`',
    );
  }
  const written = entry.url ?? USUAL_URL[entry.type];
  if (written === null) {
    desk.report(
      'missing-url',
      spot,
      `backend \`${name}\` of type \`generic\` has no \`url\``,
      'add `url: http://…`, the root of the server',
    );
  }
  const url = written === null ? null : checkUrl(written, spotAt(tree, 'url'), desk);
  if (Object.keys(entry.models ?? {}).length === 0) {
    desk.report(
      'no-models',
      spot,
      `backend \`${name}\` serves no models`,
      'add `models:` with at least one name, such as `models: { llama3.2: {} }`',
    );
  }
  const timeouts = resolveTimeouts(entry.timeouts ?? {}, tree, desk);
  if (zone === undefined || url === null || desk.diagnostics.length > faults) return null;
  return {
    name,
    type: entry.type,
    url,
    apiKeyEnv: entry.api_key_env ?? null,
    zone,
    cloud: isCloudType || (entry.type === 'generic' && zone === 'open'),
    priority: entry.priority ?? 50,
    maxInFlight: entry.max_in_flight ?? null,
    labels: { ...entry.labels },
    timeouts,
    place: spot.place,
  };
}

function resolveTimeouts(entry: NonNullable<BackendEntry['timeouts']>, tree: Named<BackendEntry>['tree'], desk: Desk): Backend['timeouts'] {
  const read = (key: keyof typeof DEFAULT_TIMEOUTS): number => {
    const ms = readDuration(entry[key] ?? DEFAULT_TIMEOUTS[key]);
    if (ms === null) reportDuration(spotAt(tree, 'timeouts', key), entry[key] ?? '', desk);
    return ms ?? 0;
  };
  return { connect: read('connect'), firstToken: read('first_token'), idle: read('idle'), total: read('total') };
}

function resolveModels(named: Named<BackendEntry>, backend: Backend, row: number, desk: Desk): Servers['targets'] | null {
  const faults = desk.diagnostics.length;
  const targets = modelNamesOf(named).map((name) => {
    const entry: NonNullable<ModelEntry> = named.entry.models?.[name] ?? {};
    const key = keyAt(named.tree, 'models', name);
    const upstream = entry.upstream ?? name;
    const known = lookUpModel(backend.type, upstream);
    const context = entry.context === undefined ? (known?.context ?? null) : readTokens(entry.context);
    if (entry.context !== undefined && context === null) {
      desk.report(
        'bad-unit',
        spotAt(named.tree, 'models', name, 'context'),
        `\`${entry.context}\` is not a number of tokens from 1 to 1000M`,
        'write it like this: `128k`, `1M` or `8192`',
      );
    }
    return {
      backend: row,
      name,
      upstream,
      tier: entry.tier ?? named.entry.tier ?? 1,
      quality: micros(entry.quality ?? 0.5),
      context,
      capabilities: capabilityBits(entry.capabilities),
      price: priceOf(entry.price, backend, known?.price(context) ?? null),
      overhead: overheadOf(backend.type, upstream),
      place: key.place,
    };
  });
  return desk.diagnostics.length > faults ? null : targets;
}

/** A list without `embeddings` is one of a model that chats: nobody writes it, everybody means it. */
function capabilityBits(written: NonNullable<ModelEntry>['capabilities']): number {
  const names: readonly string[] = written ?? DEFAULT_CAPABILITIES;
  const all = names.includes('embeddings') ? names : ['chat', ...names];
  return CAPABILITIES.reduce((bits, capability, bit) => (all.includes(capability) ? bits | (1 << bit) : bits), 0);
}

function priceOf(written: NonNullable<ModelEntry>['price'], backend: Backend, listed: Price | null): Price {
  if (written === 'free' || (written === undefined && !backend.cloud)) return { input: 0, output: 0, cachedInput: null, source: 'free' };
  if (written !== undefined) {
    const { input, output, cached_input } = written;
    return {
      input: picoPerToken(input),
      output: picoPerToken(output),
      cachedInput: cached_input === undefined ? null : picoPerToken(cached_input),
      source: 'policy',
    };
  }
  return listed ?? { input: UNKNOWN_PRICE, output: UNKNOWN_PRICE, cachedInput: null, source: 'unknown' };
}

/** In the order of the text: a plain object would put names that look like numbers first. */
function modelNamesOf({ tree }: Named<BackendEntry>): string[] {
  const models = tree.kind === 'map' ? tree.entries.get('models')?.value : undefined;
  return models?.kind === 'map' ? [...models.entries.keys()] : [];
}
