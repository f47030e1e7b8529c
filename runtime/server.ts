import type { AddressInfo } from 'node:net';
import { Fleet } from './backends/fleet.ts';
import type { Config } from './config/config.ts';
import { isLoopback } from './config/is-loopback.ts';
import { drain, trackConnections } from './drain.ts';
import type { Gateway } from './gateway/gateway.ts';
import { Admission } from './gateway/admission.ts';
import { WaitQueue } from './gateway/wait-queue.ts';
import { createApp } from './http/create-app.ts';
import { watchReaders } from './http/watch-readers.ts';
import { CountMemory } from './intent/count-memory.ts';
import { compilePolicy } from './router/compile-policy.ts';
import { hashFolder } from './router/fingerprint-folder.ts';
import { loadArtifact, readArtifact } from './router/load-artifact.ts';
import { type OpenOptions, openRouter } from './router/open-router.ts';
import { PolicyCell } from './router/policy-cell.ts';
import { controlPolicy } from './router/control-policy.ts';
import { reportSwap } from './router/report-swap.ts';
import { watchArtifact } from './router/watch-artifact.ts';
import { watchPolicies } from './router/watch-policies.ts';
import { createLogger } from './telemetry/create-logger.ts';
import { describeSource } from './telemetry/describe-source.ts';
import { Metrics } from './telemetry/metrics.ts';
import { Redactor } from './telemetry/redact.ts';

/** How often measurements become a new order, in ms. */
const REFRESH = 1_000;

export interface Server {
  /** Address with the port that was really taken. */
  readonly url: string;
  /** SHA-256 of the artifact that serves. */
  readonly policy: string;
  /** Nobody needs a key. */
  readonly keyless: boolean;
  /** Looks at the artifact folder now. */
  reload(): Promise<void>;
  /** Takes no new connections, lets every request in flight end, then stops. */
  close(): Promise<void>;
}

/** Wires the server up and starts it. @throws Failure where policy, environment or address do not allow it to serve. */
export async function startServer(config: Config, env: Readonly<Record<string, string | undefined>>, version: string): Promise<Server> {
  const redactor = new Redactor();
  const { log, line: logLine, close: closeLog } = createLogger(config.logLevel, redactor);
  const fleet = new Fleet(config.probeInterval);
  const content = config.watch === null ? null : await hashFolder(config.watch);
  const compiled = config.watch === null ? null : await compilePolicy(config.watch, config.policy);
  const options: OpenOptions = { env, allowUnenforced: config.allowUnenforced, exposed: !isLoopback(config.host), source: config.policy };
  const { router, started } = openRouter(await loadArtifact(await readArtifact(config.policy)), fleet, options);
  const cell = new PolicyCell(fleet, router);
  const queue = new WaitQueue(config.queueDepth);
  const admission = new Admission(config);
  const policy = controlPolicy(config, cell, fleet, options);
  const metrics = new Metrics(describeSource(cell, policy, queue));
  policy.trail.listen((event) => reportSwap(log, metrics, event));
  if (compiled !== null) {
    cell.fail(compiled, null);
    policy.trail.add('not-compiled', router.hash, null, 'policy folder', compiled);
  }
  const memory = new CountMemory();
  const gateway: Gateway = {
    config,
    cell,
    policy,
    queue,
    admission,
    metrics,
    redactor,
    log,
    logLine,
    memory,
    draining: false,
    sampleFrom: 0,
  };
  const wake = (): void => queue.wake();
  const attach = (): void => {
    redactor.add(cell.active.backends.map((backend) => backend.address.key));
    cell.active.state.onChange.add(wake);
    wake();
  };
  cell.onSwap.add(attach);
  attach();
  await started;
  cell.refresh();
  await policy.loader.look();
  const app = await createApp(gateway, version);
  const sockets = trackConnections(app);
  const stopReaders = watchReaders(sockets, config.readTimeout, () => metrics.recordRefusal('unread'));
  await app.listen({ host: config.host, port: config.port });
  const stopWatching = [watchArtifact(gateway), ...(config.watch === null ? [] : [watchPolicies(gateway, config.watch, content)])];
  const refresh = setInterval(() => cell.refresh(), REFRESH);
  const { port } = app.server.address() as AddressInfo;
  log.info({ host: config.host, port, policy: router.hash }, 'serving');
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}`,
    policy: router.hash,
    keyless: router.manifest.callers.length === 0,
    async reload() {
      log.info('reload');
      await policy.loader.load('SIGHUP');
    },
    async close() {
      for (const stop of stopWatching) stop();
      await drain(app, gateway, sockets);
      stopReaders();
      clearInterval(refresh);
      policy.window.close();
      await fleet.close();
      closeLog();
    },
  };
}
