import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Registry } from 'prom-client';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../config/is-loopback.ts';
import { Failure } from '../failure.ts';
import { ThreadedEngine } from '../jobs/threaded-engine.ts';
import type { PolicyCell } from '../router/policy-cell.ts';
import { locateStore } from '../store/store-location.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { Redactor } from '../telemetry/redact.ts';
import { TASK_TYPES } from '../../schema/vocabulary.ts';
import { DiscoveryProbe } from './discovery-probe.ts';
import { Pool } from './pool.ts';
import { PoolMeter } from './pool-meter.ts';
import { COORDINATION, readPoolSettings } from './pool-settings.ts';
import { Services } from './services.ts';

export interface PoolSurroundings {
  readonly cell: PolicyCell;
  readonly log: Logger;
  readonly registry: Registry;
  readonly redactor: Redactor;
  /** Null where nobody asked for traces. */
  readonly tracer: Tracer | null;
  /** Where agents find this server; null until it listens. */
  url(): string | null;
}

export interface OpenedPool {
  readonly pool: Pool;
  /** The server listens: agents of before a restart come back. */
  begin(): void;
  close(): Promise<void>;
}

/** The pool of a server, with everything around it. @throws Failure where the configuration or the store does not allow it. */
export async function openPool(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  { cell, log, registry, redactor, tracer, url }: PoolSurroundings,
): Promise<OpenedPool> {
  const { handlers, key } = readSecrets(config, env);
  if (key !== null) redactor.add([key]);
  const engine = await ThreadedEngine.open(locateStore(config.data, env), {
    queues: { [COORDINATION]: TASK_TYPES },
    retention: config.poolRetention,
  });
  const services = new Services({
    url,
    key,
    discovery: config.discoveryUrl,
    defaultModel() {
      const { names } = cell.active.manifest;
      return (names.find(({ kind }) => kind === 'virtual') ?? names[0])?.name ?? null;
    },
  });
  const meter = new PoolMeter(registry);
  // The service may answer before the pool is open, which looks by itself then.
  let pool: Pool | null = null;
  const discovery = new DiscoveryProbe(config.discoveryUrl, config.probeInterval, (available, why) => {
    if (available) log.info({}, 'discovery service is back');
    else log.warn({ why }, 'discovery service is away');
    pool?.wake();
  });
  pool = await Pool.open({
    engine,
    services,
    log,
    meter,
    tracer,
    settings: () => readPoolSettings(cell.active.manifest),
    lease: config.poolLease,
    memory: config.poolMemory,
    handlers,
    taskTimeout: config.poolTaskTimeout,
    stall: config.poolStall,
    discoveryAvailable: () => discovery.available,
  });
  meter.attach(pool);
  cell.onSwap.add(() => pool.configure());
  return {
    pool,
    begin() {
      pool.restore().catch((error: Error) => log.error({ error: error.message }, 'agents of before cannot be started'));
    },
    async close() {
      discovery.close();
      await pool.close(Math.min(config.poolGrace, config.drain));
    },
  };
}

function readSecrets(config: Config, env: Readonly<Record<string, string | undefined>>): { handlers: string | null; key: string | null } {
  const problems: string[] = [];
  const handlers = config.poolHandlers === null ? null : resolve(config.poolHandlers);
  if (handlers !== null && !existsSync(handlers)) problems.push(`there is no file \`${config.poolHandlers}\` of \`--pool-handlers\``);
  const key = config.poolKeyEnv === null ? null : (env[config.poolKeyEnv] ?? '');
  if (key === '') problems.push(`\`${config.poolKeyEnv}\` of \`--pool-key-env\` is not set, or empty`);
  if (config.discoveryUrl !== null && !/^https?:\/\/[^@\s]+$/.test(config.discoveryUrl)) {
    problems.push('`--discovery-url` must be an http(s) url without a user name');
  }
  if (problems.length > 0) throw new Failure('config', problems, 'run `policyd --help` for every flag and variable');
  return { handlers, key };
}

/** The address of this very server, as something on this machine reaches it. */
export function toLoopback(host: string, port: number): string {
  const name = isLoopback(host) ? host : host.includes(':') ? '::1' : '127.0.0.1';
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
