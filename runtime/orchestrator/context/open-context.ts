import { randomBytes } from 'node:crypto';
import { Failure } from '../../failure.ts';
import { openStore } from '../../store/open-store.ts';
import { locateStore } from '../../store/store-location.ts';
import type { Surroundings } from '../surroundings.ts';
import { CONTEXT_CHANNEL, Context } from './context.ts';
import { ContextMeter } from './context-meter.ts';
import { Embedder } from './embedding/embedder.ts';
import { EmbeddingClient } from './embedding/embedding-client.ts';
import { QueryEmbedder } from './embedding/query-embedder.ts';
import { nameInstallation } from './embedding/space.ts';
import { VectorIndex } from './embedding/vector-index.ts';
import { McpServers } from './mcp/mcp-servers.ts';
import { readMcpConfig } from './mcp/read-mcp-config.ts';
import { Preparer } from './preparation/preparer.ts';
import { openVectors } from './vectors/open-vectors.ts';

export interface OpenedContext {
  readonly context: Context;
  /** The server listens: embeddings can be asked for. */
  begin(): void;
  close(): Promise<void>;
}

/** The context plane of a process, with everything around it. @throws Failure where the configuration does not allow it. */
export async function openContext({
  config,
  env,
  store: shared,
  cell,
  log,
  registry,
  redactor,
  url,
}: Surroundings): Promise<OpenedContext> {
  const key = readSecret(env, config.contextKeyEnv ?? config.poolKeyEnv, '--context-key-env');
  const vectorsKey = readSecret(env, config.vectorsKeyEnv, '--vectors-key-env');
  const { servers, secrets } = config.mcpServers === null ? { servers: [], secrets: [] } : readMcpConfig(config.mcpServers, env);
  redactor.add([key, vectorsKey, ...secrets]);
  const vectors = openVectors(config.vectors, vectorsKey, config.data, shared);
  // A search may take long, and on SQLite statements wait for each other: those of others do not wait for these.
  const store = shared.kind === 'sqlite' ? await openStore(locateStore(config.data, env)) : shared;
  const index = new VectorIndex(store, vectors, await nameInstallation(store, randomBytes(4).toString('hex')), (problem) => {
    if (problem === null) log.info({ vectors: vectors.where }, 'vector store works again');
    else log.warn({ vectors: vectors.where, problem }, 'vector store failed');
  });
  const client = new EmbeddingClient(url, key);
  const meter = new ContextMeter(registry);
  const embedder = new Embedder({
    store,
    index,
    client,
    cell,
    log,
    model: config.embeddingModel,
    key,
    onFailure: () => meter.embeddingFailed(),
  });
  const preparer = new Preparer();
  const queries = new QueryEmbedder(client, cell, key);
  const mcp = new McpServers(servers, log, (owner, ingestion, isWhole) => context.replaceSource(owner, ingestion, isWhole));
  const context: Context = new Context({
    store,
    cell,
    preparer,
    embedder,
    queries,
    index,
    mcp,
    meter,
    redactor,
    mostChunks: config.contextChunks,
  });
  meter.attach(context);
  const wake = (): void => embedder.wake();
  let unsubscribe = async (): Promise<void> => {};
  return {
    context,
    begin() {
      cell.onSwap.add(wake);
      mcp.begin();
      wake();
      store.subscribe(CONTEXT_CHANNEL, wake, wake).then(
        (end) => {
          unsubscribe = end;
        },
        (error: Error) => log.warn({ error: error.message }, 'context does not hear of other processes, and looks instead'),
      );
    },
    async close() {
      cell.onSwap.delete(wake);
      await unsubscribe().catch(() => {});
      await mcp.close();
      await embedder.close();
      await index.close();
      await client.close();
      await preparer.close();
      if (store !== shared) await store.close();
    },
  };
}

function readSecret(env: Surroundings['env'], name: string | null, flag: string): string | null {
  if (name === null) return null;
  const value = env[name] ?? '';
  if (value !== '') return value;
  throw new Failure('config', [`\`${name}\` of \`${flag}\` is not set, or empty`], 'run `policyd --help` for every flag and variable');
}
