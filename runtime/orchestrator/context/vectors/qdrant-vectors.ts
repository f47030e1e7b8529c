import { checkVectors } from './check-vectors.ts';
import { type RestServer, toRefusal } from './rest-server.ts';
import { VectorError } from './vector-error.ts';
import { TAG_NAMES, type VectorCollection, type VectorHit, type VectorStore } from './vector-store.ts';

const ROWS = 500;

/** Qdrant over its REST API, from version 1.10 on (`points/query`). https://api.qdrant.tech/api-reference */
export class QdrantVectors implements VectorStore {
  readonly where: string;
  readonly forgets = false;
  readonly #server: RestServer;

  constructor(server: RestServer) {
    this.#server = server;
    this.where = `qdrant ${server.url}`;
  }

  async open(name: string, dimensions: number): Promise<VectorCollection> {
    const path = `/collections/${name}`;
    await this.#make(path, dimensions);
    const collection: VectorCollection = {
      dimensions,
      upsert: async (rows) => {
        const points = rows.map(({ id, vector, tags }) => ({ id, vector: [...vector], payload: tags }));
        await this.#ask('PUT', `${path}/points?wait=true`, { points });
      },
      remove: async (ids) => {
        await this.#ask('POST', `${path}/points/delete?wait=true`, { points: ids });
      },
      search: async (vector, limit, filter) => {
        const must = TAG_NAMES.filter((tag) => filter[tag] !== null).map((key) => ({ key, match: { value: filter[key] } }));
        const body = { query: [...vector], limit, with_payload: false, ...(must.length === 0 ? {} : { filter: { must } }) };
        const { points } = (await this.#ask('POST', `${path}/points/query`, body)) as { points: VectorHit[] };
        return points.map(({ id, score }) => ({ id, score }));
      },
      count: async () => ((await this.#ask('POST', `${path}/points/count`, { exact: true })) as { count: number }).count,
    };
    return checkVectors(collection, ROWS);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #make(path: string, dimensions: number): Promise<void> {
    const { exists } = (await this.#ask('GET', `${path}/exists`)) as { exists: boolean };
    if (!exists) {
      // Another process may make it at the same time: that it is there is all that counts.
      await this.#ask('PUT', path, { vectors: { size: dimensions, distance: 'Cosine' } }).catch((error: VectorError) => {
        if (!/already exists/i.test(error.message)) throw error;
      });
    }
    // Before anything is found by them: a filter without an index looks at every point.
    for (const tag of TAG_NAMES) await this.#ask('PUT', `${path}/index?wait=true`, { field_name: tag, field_schema: 'keyword' });
    const { config } = (await this.#ask('GET', path)) as { config: { params: { vectors: { size?: number } } } };
    const { size } = config.params.vectors;
    if (size === dimensions) return;
    const message = `${this.#server.url}${path} is of ${size} dimensions, not of ${dimensions} [dimensions] help: one collection is of one model`;
    throw new VectorError('dimensions', message);
  }

  async #ask(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const answer = await this.#server.ask(method, path, body);
    const { status, result } = (answer.body ?? {}) as { status?: 'ok' | { error?: string }; result?: unknown };
    if (answer.status < 300 && status === 'ok') return result;
    throw toRefusal(this.#server.url, typeof status === 'object' ? status.error : answer.body, answer.status);
  }
}
