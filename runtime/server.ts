import type { AddressInfo } from 'node:net';
import { openRates } from './auth/open-rates.ts';
import { Fleet } from './backends/fleet.ts';
import type { Config } from './config/config.ts';
import { isLoopback } from './config/is-loopback.ts';
import { openRecorder } from './decisions/open-recorder.ts';
import { drain, trackConnections } from './drain.ts';
import { Failure } from './failure.ts';
import type { Gateway } from './gateway/gateway.ts';
import { Admission } from './gateway/admission.ts';
import { WaitQueue } from './gateway/wait-queue.ts';
import { createApp } from './http/create-app.ts';
import { watchReaders } from './http/watch-readers.ts';
import { CountMemory } from './intent/count-memory.ts';
import { TokenCounter } from './intent/token-counter.ts';
import { openLedger } from './ledger/open-ledger.ts';
import { BudgetBooks } from './router/budget-books.ts';
import { compilePolicy } from './router/compile-policy.ts';
import { hashFolder } from './router/fingerprint-folder.ts';
import { loadArtifact, readArtifact } from './router/load-artifact.ts';
import { type OpenOptions, openRouter } from './router/open-router.ts';
import { openOrchestrator } from './orchestrator/open-orchestrator.ts';
import { openPool, toLoopback } from './pool/open-pool.ts';
import { PolicyCell } from './router/policy-cell.ts';
import { controlPolicy } from './router/control-policy.ts';
import { reportSwap } from './router/report-swap.ts';
import { watchArtifact } from './router/watch-artifact.ts';
import { readTrust } from './router/verify-signature.ts';
import { watchShadow } from './router/watch-shadow.ts';
import { watchPolicies } from './router/watch-policies.ts';
import { locateStore } from './store/store-location.ts';
import { createLogger } from './telemetry/create-logger.ts';
import { describeSource } from './telemetry/describe-source.ts';
import { registerBudgetGauges, reportLedger } from './telemetry/register-budget-gauges.ts';
import { registerDecisionGauges } from './telemetry/register-decision-gauges.ts';
import { Metrics } from './telemetry/metrics.ts';
import { openTracer } from './telemetry/open-tracer.ts';
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
  const trust = config.trust === null ? null : readTrust(config.trust);
  const options: OpenOptions = {
    env,
    allowUnenforced: config.allowUnenforced,
    exposed: !isLoopback(config.host),
    source: config.policy,
    trust,
    constraintsOff: config.constraints === 'off',
  };
  const artifact = await readArtifact(config.policy, trust).catch((error: unknown) => {
    // Nothing is there because nothing was compiled: that it is not there would be half the story.
    throw compiled === null
      ? error
      : new Failure('not-compiled', [compiled], `run \`policyc check ${config.watch}\`, and start again when it is clean`);
  });
  const { router, started } = openRouter(await loadArtifact(artifact), fleet, options);
  const cell = new PolicyCell(fleet, router);
  const queue = new WaitQueue(config.queueDepth);
  const admission = new Admission(config);
  const recorder = openRecorder(config);
  const policy = controlPolicy(config, cell, fleet, options, recorder.recorder);
  const metrics = new Metrics(describeSource(cell, policy, queue));
  registerDecisionGauges(metrics.registry, recorder.log, recorder.recorder.feed, policy.shadow);
  policy.trail.listen((event) => reportSwap(log, metrics, event));
  if (compiled !== null) {
    cell.fail(compiled, null);
    policy.trail.add('not-compiled', router.hash, null, 'policy folder', compiled);
  }
  const memory = new CountMemory();
  const counter = new TokenCounter();
  counter.start();
  const ledger = await openLedger(locateStore(config.data, env), { onEvent: reportLedger(log, metrics.registry) });
  registerBudgetGauges(metrics.registry, ledger);
  let url: string | null = null;
  const tracer = await openTracer({ endpoint: config.otelEndpoint, env, version, registry: metrics.registry, redactor });
  const surroundings = { cell, log, registry: metrics.registry, redactor, tracer, url: () => url };
  const pool = await openPool(config, env, surroundings);
  const orchestrator = await openOrchestrator({ config, env, ...surroundings });
  const rates = await openRates(orchestrator.orchestrator.store, log, metrics.registry);
  const gateway: Gateway = {
    config,
    cell,
    policy,
    queue,
    admission,
    rates,
    ledger,
    books: new BudgetBooks(ledger, cell),
    pool: pool.pool,
    orchestrator: orchestrator.orchestrator,
    recorder: recorder.recorder,
    metrics,
    tracer,
    redactor,
    log,
    logLine,
    memory,
    counter,
    draining: false,
    sampleFrom: 0,
  };
  const wake = (): void => queue.wake();
  const attach = (): void => {
    rates.configure(cell.active.manifest.callers);
    redactor.add(cell.active.backends.map((backend) => backend.address.key));
    cell.active.state.onChange.add(wake);
    wake();
  };
  cell.onSwap.add(attach);
  cell.onStage.add(() => {
    if (cell.canary === null) return;
    redactor.add(cell.canary.backends.map((backend) => backend.address.key));
    cell.canary.state.onChange.add(wake);
  });
  attach();
  await started;
  cell.refresh();
  await policy.loader.look();
  const app = await createApp(gateway, version);
  const sockets = trackConnections(app);
  const stopReaders = watchReaders(sockets, config.readTimeout, () => metrics.recordRefusal('unread'));
  await app.listen({ host: config.host, port: config.port });
  const stopWatching = [
    watchArtifact(gateway),
    ...(config.watch === null ? [] : [watchPolicies(gateway, config.watch, content)]),
    ...(config.shadow === null ? [] : [watchShadow(gateway, config.shadow)]),
  ];
  const refresh = setInterval(() => {
    cell.refresh();
    gateway.books.refresh();
  }, REFRESH);
  const { port } = app.server.address() as AddressInfo;
  url = toLoopback(config.host, port);
  pool.begin();
  orchestrator.begin();
  log.info({ host: config.host, port, policy: router.hash }, 'serving');
  if (config.constraints === 'off') log.warn({ policy: router.hash }, 'caps of cost, floors of quality and SLAs are switched off');
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
      // Tasks ask this server: it serves until they have ended.
      await pool.close();
      await orchestrator.close();
      recorder.recorder.feed.close();
      await drain(app, gateway, sockets);
      stopReaders();
      clearInterval(refresh);
      policy.window.close();
      policy.canary.close();
      await fleet.close();
      await counter.close();
      await ledger.close();
      await rates.close();
      await orchestrator.end();
      await tracer?.close();
      await recorder.log?.close();
      closeLog();
    },
  };
}
