import type { Pool } from 'undici';
import type { BackendConfig } from '../../schema/manifest.ts';
import type { Dialect, Health } from './dialect.ts';
import { describeConnectionError } from './describe-connection-error.ts';
import { describeKeyRefusal } from './describe-key-refusal.ts';
import type { BackendAddress } from './resolve-backend.ts';

/** Longest time a probe may take, in ms. */
const PATIENCE = 3_000;
/** Most bytes of an answer that are read. */
const ENOUGH = 1 << 20;

/** `resident` is undefined where the dialect has no such list or the server does not tell. */
export interface ProbeResult {
  readonly health: Health;
  readonly resident?: ReadonlySet<string> | null;
  /** It gave no answer in time: that may be its end, a network's, or a process here that had no processor. */
  readonly late?: boolean;
}

/** Asks a backend how it is, by calls that cost nothing. Never throws. */
export async function probe(pool: Pool, dialect: Dialect, config: BackendConfig, address: BackendAddress): Promise<ProbeResult> {
  try {
    const answer = await ask(pool, dialect.healthPath, dialect, address);
    const health: Health = dialect.refusesKey(answer.status, answer.body)
      ? { state: 'down', reason: describeKeyRefusal(config, answer.status) }
      : dialect.judge(answer.status, answer.body);
    if (health.state !== 'up' || dialect.residency === null) return { health };
    return { health, resident: await readResidency(pool, dialect, address) };
  } catch (error) {
    return { health: { state: 'down', reason: describeConnectionError(error) }, late: (error as Error).name === 'TimeoutError' };
  }
}

async function readResidency(pool: Pool, dialect: Dialect, address: BackendAddress): Promise<ReadonlySet<string> | null> {
  const { path, read } = dialect.residency!;
  try {
    const answer = await ask(pool, path, dialect, address);
    return answer.status === 200 ? read(answer.body) : null;
  } catch {
    // A server that lives but does not tell: then nothing is known to be cold.
    return null;
  }
}

async function ask(pool: Pool, path: string, dialect: Dialect, address: BackendAddress): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await pool.request({
    method: 'GET',
    path: address.prefix + path,
    headers: [
      ...['accept', 'application/json', 'user-agent', 'policyd'],
      ...dialect.healthHeaders,
      ...(address.key === null ? [] : dialect.authorize(address.key)),
    ],
    signal: AbortSignal.timeout(PATIENCE),
  });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > ENOUGH) break;
  }
  return { status: statusCode, body: Buffer.concat(parts).toString('utf8') };
}
