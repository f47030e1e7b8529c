import type { Logger } from 'pino';
import type { Ingestion } from '../document.ts';
import type { OutsideSource } from '../search/answer.ts';
import type { Query } from '../search/query.ts';
import { readResources } from './ingest-resources.ts';
import type { McpServerConfig } from './mcp-config.ts';
import { McpSession } from './mcp-session.ts';
import { Notices } from './notices.ts';
import { readResults } from './read-results.ts';

/** Between two readings of a server's resources, in ms. */
const READ_AGAIN = 600_000;

/** Takes in the resources of a server; those of its source that are not among them are gone, where `isWhole`. */
export type TakeIn = (owner: string, ingestion: Ingestion, isWhole: boolean) => Promise<void>;

/** The MCP servers that context comes from: each is searched, read and told of events as its configuration says. */
export class McpServers {
  readonly #sessions: readonly McpSession[];
  readonly #notices: readonly Notices[];
  readonly #takeIn: TakeIn;
  readonly #log: Logger;
  readonly #reading = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(configs: readonly McpServerConfig[], log: Logger, takeIn: TakeIn) {
    this.#log = log;
    this.#takeIn = takeIn;
    this.#sessions = configs.map((config) => new McpSession(config, log, (session) => this.#read(session)));
    this.#notices = this.#sessions.map((session) => new Notices(session, log));
  }

  get size(): number {
    return this.#sessions.length;
  }

  get connected(): number {
    return this.#sessions.filter(({ isConnected }) => isConnected).length;
  }

  begin(): void {
    for (const session of this.#sessions) session.begin();
    this.#timer = setInterval(() => {
      for (const session of this.#sessions) if (session.isConnected) this.#read(session);
    }, READ_AGAIN).unref();
  }

  /** Servers whose search joins that query: they know nothing of namespaces, sources and metadata. */
  sources({ scope, privacy }: Query): readonly OutsideSource[] {
    if (scope.namespace !== null || scope.source !== null || Object.keys(scope.metadata).length > 0) return [];
    return this.#sessions.flatMap((session) => {
      const { name, search, isInside } = session.config;
      if (search === null || (privacy === 'restricted' && !isInside)) return [];
      const { tool, argument, results } = search;
      return [
        {
          name,
          search: async (text: string, most: number) => {
            try {
              return { results: readResults(await session.call(tool, { [argument]: text }), results, most), problem: null };
            } catch (error) {
              return { results: [], problem: (error as Error).message };
            }
          },
        },
      ];
    });
  }

  notify(event: Readonly<Record<string, unknown>>): void {
    for (const notices of this.#notices) notices.add(event);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#notices.map((notices) => notices.close()));
    await Promise.all(this.#sessions.map((session) => session.close()));
    await Promise.all(this.#reading);
  }

  #read(session: McpSession): void {
    const { name, resources, isInside } = session.config;
    if (resources === null) return;
    const reading = readResources(session)
      .then(({ documents, isWhole }) => {
        const owner = resources.team === null ? '' : `team ${resources.team}`;
        const privacy = isInside ? ('restricted' as const) : ('unrestricted' as const);
        return this.#takeIn(owner, { namespace: resources.namespace, source: `mcp-${name}`, privacy, documents }, isWhole);
      })
      .catch((error: Error) => this.#log.warn({ server: name, error: error.message }, 'resources of an mcp server were not read'))
      .finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }
}
