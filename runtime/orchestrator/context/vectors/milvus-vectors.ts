import { checkVectors } from './check-vectors.ts';
import { type RestServer, toRefusal } from './rest-server.ts';
import { VectorError } from './vector-error.ts';
import { TAG_NAMES, type VectorCollection, type VectorFilter, type VectorStore } from './vector-store.ts';

const ROWS = 500;
/** Longest value of a tag, in bytes. */
const LONGEST_TAG = 1_024;

/** Milvus over its RESTful API v2, as `internal/distributed/proxy/httpserver` of its sources reads it: a failure is a `code` beside status 200. */
export class MilvusVectors implements VectorStore {
  readonly where: string;
  readonly forgets = false;
  readonly #server: RestServer;

  constructor(server: RestServer) {
    this.#server = server;
    this.where = `milvus ${server.url}`;
  }

  async open(name: string, dimensions: number): Promise<VectorCollection> {
    await this.#make(name, dimensions);
    const collectionName = name;
    const collection: VectorCollection = {
      dimensions,
      upsert: async (rows) => {
        const data = rows.map(({ id, vector, tags }) => ({ id, vector: [...vector], ...tags }));
        await this.#ask('entities/upsert', { collectionName, data });
      },
      remove: async (ids) => {
        await this.#ask('entities/delete', { collectionName, filter: `id in [${ids.join(',')}]` });
      },
      search: async (vector, limit, filter) => {
        const found = (await this.#ask('entities/search', {
          collectionName,
          data: [[...vector]],
          annsField: 'vector',
          limit,
          outputFields: ['id'],
          // What was written before is found.
          consistencyLevel: 'Strong',
          ...toExpression(filter),
        })) as readonly { id: number | string; distance: number }[];
        // Whole numbers come as text where the server is not asked for numbers, and of some versions even so.
        return found.map(({ id, distance }) => ({ id: Number(id), score: distance }));
      },
      count: async () => {
        const body = { collectionName, filter: '', outputFields: ['count(*)'], consistencyLevel: 'Strong' };
        const [row] = (await this.#ask('entities/query', body)) as readonly Record<string, number | string>[];
        return Number(row?.['count(*)'] ?? 0);
      },
    };
    return checkVectors(collection, ROWS);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #make(name: string, dimensions: number): Promise<void> {
    const { has } = (await this.#ask('collections/has', { collectionName: name })) as { has: boolean };
    if (!has) {
      const tag = (fieldName: string) => ({ fieldName, dataType: 'VarChar', elementTypeParams: { max_length: LONGEST_TAG } });
      const fields = [
        { fieldName: 'id', dataType: 'Int64', isPrimary: true, elementTypeParams: {} },
        { fieldName: 'vector', dataType: 'FloatVector', elementTypeParams: { dim: dimensions } },
        ...TAG_NAMES.map(tag),
      ];
      const indexParams = [{ fieldName: 'vector', indexName: 'vector', indexType: 'AUTOINDEX', metricType: 'COSINE' }];
      await this.#ask('collections/create', {
        collectionName: name,
        schema: { autoID: false, enableDynamicField: false, fields },
        indexParams,
      });
    }
    // One that somebody released, or that is being loaded, cannot be searched yet.
    await this.#ask('collections/load', { collectionName: name });
    const { fields } = (await this.#ask('collections/describe', { collectionName: name })) as {
      fields: readonly { name: string; params?: readonly { key: string; value: string }[] }[];
    };
    const there = fields.find((field) => field.name === 'vector')?.params?.find(({ key }) => key === 'dim')?.value;
    if (Number(there) === dimensions) return;
    const message = `${this.#server.url} has \`${name}\` of ${there} dimensions, not of ${dimensions} [dimensions] help: one collection is of one model`;
    throw new VectorError('dimensions', message);
  }

  async #ask(verb: string, body: unknown): Promise<unknown> {
    const answer = await this.#server.ask('POST', `/v2/vectordb/${verb}`, body);
    const { code, message, data } = (answer.body ?? {}) as { code?: number; message?: string; data?: unknown };
    if (answer.status < 300 && code === 0) return data;
    throw toRefusal(this.#server.url, message ?? answer.body, code ?? answer.status);
  }
}

/** Strings are written as in JSON: https://milvus.io/docs/boolean.md */
function toExpression(filter: VectorFilter): { filter?: string } {
  const terms = TAG_NAMES.filter((tag) => filter[tag] !== null).map((tag) => `${tag} == ${JSON.stringify(filter[tag])}`);
  return terms.length === 0 ? {} : { filter: terms.join(' and ') };
}
