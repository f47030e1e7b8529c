import type { BackendConfig } from '../../schema/manifest.ts';
import { resolveEnv } from '../router/resolve-env.ts';

/** A backend's address and key, as this process's environment has them. */
export interface BackendAddress {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path before `/v1/…`, without a slash at its end. */
  readonly prefix: string;
  /** Null: the backend needs none. */
  readonly key: string | null;
  /** Name of the variable that should hold the key and is not set; null = nothing is missing. */
  readonly missingKey: string | null;
}

/** Adds what is wrong to `problems`. A key variable that is set but empty is a mistake; one that is not set leaves the backend down. */
export function resolveBackend(
  config: BackendConfig,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): BackendAddress {
  const place = `backend \`${config.name}\``;
  const before = problems.length;
  const text = resolveEnv(config.url, env, place, problems);
  let url: URL | null = null;
  try {
    url = new URL(text);
  } catch {
    if (problems.length === before) problems.push(`${place}: its url is no address such as \`http://127.0.0.1:11434\``);
  }
  if (url && url.protocol !== 'http:' && url.protocol !== 'https:') problems.push(`${place}: its url must begin with http:// or https://`);
  if (url && (url.username || url.password))
    problems.push(`${place}: its url holds credentials; name a variable in \`api_key_env\` instead`);
  if (url && (url.search || url.hash)) problems.push(`${place}: its url must end with a path, without \`?\` or \`#\``);
  const key = config.api_key_env === null ? null : env[config.api_key_env];
  if (key === '') problems.push(`${place}: variable \`${config.api_key_env}\` is set but empty`);
  else if (key && !/^[\x21-\x7e]+$/.test(key)) {
    problems.push(`${place}: variable \`${config.api_key_env}\` holds characters that no header can carry`);
  }
  return {
    origin: url?.origin ?? '',
    prefix: url ? url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '') : '',
    key: key ?? null,
    missingKey: config.api_key_env !== null && key === undefined ? config.api_key_env : null,
  };
}
