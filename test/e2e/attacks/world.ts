import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { SCOPES, type Scope } from '../../../schema/vocabulary.ts';
import { Upstream } from '../../upstreams/upstream.ts';
import { SpecFolder } from '../orchestrator/spec-folder.ts';
import { Policyd, type StartOptions } from '../policyd.ts';

export const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

/** A route as `/openapi.json` tells it. */
export interface Route {
  readonly method: string;
  /** `/v1/jobs/{id}`. */
  readonly path: string;
  /** What a key must allow; null = open to everybody. */
  readonly scope: Scope | null;
  /** Names in its query and its headers. */
  readonly query: readonly string[];
  readonly headers: readonly string[];
  /** Members of its body that are described; null = it takes none. */
  readonly members: Readonly<Record<string, { readonly type?: string }>> | null;
  readonly required: readonly string[];
}

interface Operation {
  readonly security?: readonly { readonly key: readonly Scope[] }[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: {
    readonly content: Record<
      string,
      { readonly schema?: { readonly properties?: Route['members']; readonly required?: readonly string[] } }
    >;
  };
}

/** Every route that a running policyd tells of, so that a new one is attacked by itself. */
export async function readRoutes(policyd: Policyd): Promise<Route[]> {
  const { paths } = await policyd.get<{ paths: Record<string, Record<string, Operation>> }>('/openapi.json');
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security = [], parameters = [], requestBody }]): Route => {
      const body = requestBody?.content['application/json']?.schema;
      const named = (place: string): string[] => parameters.filter((one) => one.in === place).map(({ name }) => name);
      return {
        method: method.toUpperCase(),
        path,
        scope: security[0]?.key[0] ?? null,
        query: named('query'),
        headers: named('header'),
        members: requestBody === undefined ? null : (body?.properties ?? {}),
        required: body?.required ?? [],
      };
    }),
  );
}

/** A path of a route with a value in the place of each of its names. */
export const fill = (path: string, value: string): string => path.replaceAll(/\{\w+\}/g, value);

/** Keys: one for each scope alone, all of them for one tenant and another, and an operator. */
export const KEYS = {
  ...(Object.fromEntries(SCOPES.map((scope) => [scope, `only-${scope.replace(':', '-')}-0123456789`])) as Record<Scope, string>),
  ana: 'tenant-ana-0123456789',
  bob: 'tenant-bob-0123456789',
  ops: 'operator-0123456789ab',
} as const;

const TENANT = '[llm:invoke, read:jobs, write:jobs, context:read]';

/** A gateway over one backend, with all its parts switched on, two tenants and an operator. */
export class World {
  readonly upstream: Upstream;
  readonly folder: SpecFolder;
  readonly policyd: Policyd;
  readonly routes: readonly Route[];

  private constructor(upstream: Upstream, folder: SpecFolder, policyd: Policyd, routes: readonly Route[]) {
    this.upstream = upstream;
    this.folder = folder;
    this.policyd = policyd;
    this.routes = routes;
  }

  static async start({ args = [], ...options }: StartOptions = {}): Promise<World> {
    const upstream = await Upstream.start({ models: ['m', 'e'] });
    const folder = new SpecFolder();
    folder.script('setup-plan', 'echo done');
    const scopes = SCOPES.map((scope) => `  s-${scope.replace(':', '-')}: { sha256: "${hash(KEYS[scope])}", scopes: ["${scope}"] }`);
    const policy = `
backends:
  house: { type: vllm, url: "${upstream.url}", models: { m: {}, e: { capabilities: [embeddings] } } }
keys:
${scopes.join('\n')}
  ana: { sha256: "${hash(KEYS.ana)}", scopes: ${TENANT} }
  bob: { sha256: "${hash(KEYS.bob)}", scopes: ${TENANT} }
  ops: { sha256: "${hash(KEYS.ops)}", scopes: [llm:invoke, read:jobs, write:jobs, context:read, admin] }
`;
    const policyd = await Policyd.start(policy, {
      ...options,
      args: ['--peers', 'accept', '--spec-kit', folder.root, '--node-capacity', 'cpu=64,memory=16GiB', ...args],
    });
    return new World(upstream, folder, policyd, await readRoutes(policyd));
  }

  /** Asks as somebody, null as nobody. */
  ask(
    key: string | null,
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(this.policyd.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(key === null ? {} : bearer(key)), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: body as string }),
      signal: AbortSignal.timeout(30_000),
    });
  }

  async stop(): Promise<void> {
    await this.policyd.stop();
    await this.upstream.stop();
    this.folder.remove();
    rmSync(this.policyd.folder, { recursive: true, force: true });
  }
}
