import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { GatewayError } from '../gateway/gateway-error.ts';
import { readJson } from './read-json.ts';
import { type ArtifactFiles, readArtifact, readUpload } from '../router/load-artifact.ts';
import type { Trust } from '../router/verify-signature.ts';

/** An artifact that came over HTTP: where from, and how to read it. */
export interface HttpOffer {
  readonly source: string;
  readonly read: () => Promise<ArtifactFiles> | ArtifactFiles;
}

/** Most unknown keys that are told. */
const MOST = 64;
const KEYS = ['manifest', 'router', 'signature', 'path'];

/**
 * The body of `PUT /v1/policy`: `{ "manifest": {…}, "router": "…", "signature": {…} }`, the last where artifacts must be signed, or `{ "path": "…" }` of the server's own artifact folder or one
 * inside it.
 *
 * @throws GatewayError 400 with every mistake at once, 403 for a path elsewhere.
 */
export async function readOffer(body: unknown, folder: string, trust: Trust | null): Promise<HttpOffer> {
  const asked = parse(body);
  const problems = Object.keys(asked)
    .filter((key) => !KEYS.includes(key))
    .slice(0, MOST)
    .map((key) => `unknown key \`${key.slice(0, 64)}\``);
  const byPath = 'path' in asked;
  if (byPath && ('manifest' in asked || 'router' in asked || 'signature' in asked))
    problems.push('`path` excludes `manifest`, `router` and `signature`');
  if (byPath && typeof asked.path !== 'string') problems.push('`path` is no text');
  if (!byPath && (typeof asked.manifest !== 'object' || asked.manifest === null)) problems.push('`manifest` is no object');
  if (!byPath && typeof asked.router !== 'string') problems.push('`router` is no text');
  if (problems.length > 0) throw refuse(problems.join('; '));
  if (byPath) return openPath(asked.path as string, folder, trust);
  return {
    source: 'upload',
    read: () => readUpload(asked.manifest, asked.router as string, asked.signature, trust),
  };
}

function parse(body: unknown): Record<string, unknown> {
  let value: unknown = null;
  try {
    value = body instanceof Buffer ? readJson(body) : null;
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('the body is no JSON object');
  return value as Record<string, unknown>;
}

async function openPath(path: string, folder: string, trust: Trust | null): Promise<HttpOffer> {
  const own = await realpath(folder).catch(() => resolve(folder));
  const asked = await realpath(path).catch(() => null);
  if (asked === own || asked?.startsWith(own + sep)) return { source: path, read: () => readArtifact(path, trust) };
  // Whether another folder exists is nobody's business.
  const message = '`path` is neither the artifact folder of this server nor inside it [path] help: send the folder that --policy names';
  throw new GatewayError(403, 'permission_error', 'path_not_allowed', message, { headers: { 'x-should-retry': 'false' } });
}

function refuse(problem: string): GatewayError {
  const help = 'send `{"manifest": …, "router": "…"}`, or `{"path": "…"}`';
  return new GatewayError(400, 'invalid_request_error', 'invalid_artifact', `${problem} [artifact-shape] help: ${help}`, {
    headers: { 'x-should-retry': 'false' },
  });
}
