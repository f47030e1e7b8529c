import { checkVectors } from './check-vectors.ts';
import { type RestServer, toRefusal } from './rest-server.ts';
import type { VectorError } from './vector-error.ts';
import { TAG_NAMES, type VectorCollection, type VectorFilter, type VectorStore } from './vector-store.ts';

const ROWS = 200;

/** Weaviate over REST and GraphQL, with vectors of our own. https://docs.weaviate.io/weaviate/api/rest */
export class WeaviateVectors implements VectorStore {
  readonly where: string;
  readonly forgets = false;
  readonly #server: RestServer;

  constructor(server: RestServer) {
    this.#server = server;
    this.where = `weaviate ${server.url}`;
  }

  async open(name: string, dimensions: number): Promise<VectorCollection> {
    // Names of its classes begin with a capital.
    const type = name[0].toUpperCase() + name.slice(1);
    await this.#make(type);
    const collection: VectorCollection = {
      dimensions,
      upsert: async (rows) => {
        const objects = rows.map(({ id, vector, tags }) => ({ class: type, id: toUuid(id), vector: [...vector], properties: tags }));
        const answers = (await this.#ask('POST', '/v1/batch/objects', { objects })) as readonly BatchAnswer[];
        // The status of the whole says nothing of its objects.
        const failed = answers.find(({ result }) => result?.status === 'FAILED' || result?.errors);
        if (failed) throw toRefusal(this.#server.url, failed.result?.errors?.error?.[0]?.message ?? failed.result);
      },
      remove: async (ids) => {
        const where = { path: ['id'], operator: 'ContainsAny', valueTextArray: ids.map(toUuid) };
        const answer = (await this.#ask('DELETE', '/v1/batch/objects', { match: { class: type, where } })) as {
          results?: { failed?: number; objects?: readonly { errors?: unknown }[] | null };
        };
        if (answer.results?.failed) throw toRefusal(this.#server.url, answer.results.objects?.find(({ errors }) => errors)?.errors);
      },
      search: async (vector, k, filter) => {
        const near = `nearVector: {vector: [${vector.join(',')}]}, limit: ${k}${toWhere(filter)}`;
        const { Get } = (await this.#query(`{Get{${type}(${near}){_additional{id distance}}}}`)) as {
          Get: Record<string, readonly { _additional: { id: string; distance: number } }[] | null>;
        };
        return (Get[type] ?? []).map(({ _additional: { id, distance } }) => ({ id: fromUuid(id), score: 1 - distance }));
      },
      count: async () => {
        const { Aggregate } = (await this.#query(`{Aggregate{${type}{meta{count}}}}`)) as {
          Aggregate: Record<string, readonly { meta: { count: number } }[]>;
        };
        return Aggregate[type][0]?.meta.count ?? 0;
      },
    };
    return checkVectors(collection, ROWS);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #make(type: string): Promise<void> {
    const known = await this.#server.ask('GET', `/v1/schema/${type}`);
    if (known.status === 200) return;
    if (known.status !== 404) throw toRefusal(this.#server.url, known.body, known.status);
    // `field`: a value is one word, as it is; else it would be found by its parts.
    const properties = TAG_NAMES.map((name) => ({ name, dataType: ['text'], tokenization: 'field' }));
    const schema = { class: type, vectorizer: 'none', vectorIndexConfig: { distance: 'cosine' }, properties };
    // Another process may make it at the same time.
    await this.#ask('POST', '/v1/schema', schema).catch((error: VectorError) => {
      if (!/already exists/i.test(error.message)) throw error;
    });
  }

  /** GraphQL: what went wrong stands beside the data of a 200. */
  async #query(query: string): Promise<unknown> {
    const { data, errors } = (await this.#ask('POST', '/v1/graphql', { query })) as {
      data?: unknown;
      errors?: readonly { message: string }[] | null;
    };
    if (errors?.length) throw toRefusal(this.#server.url, errors[0].message);
    return data;
  }

  async #ask(method: 'POST' | 'DELETE', path: string, body: unknown): Promise<unknown> {
    const answer = await this.#server.ask(method, path, body);
    if (answer.status < 300) return answer.body;
    const { error } = (answer.body ?? {}) as { error?: readonly { message: string }[] };
    throw toRefusal(this.#server.url, error?.[0]?.message ?? answer.body, answer.status);
  }
}

interface BatchAnswer {
  readonly result?: {
    readonly status?: 'SUCCESS' | 'FAILED' | 'PENDING';
    readonly errors?: { readonly error?: readonly { readonly message: string }[] } | null;
  };
}

/** Ids of its objects are UUIDs: the number stands in the last digits. */
function toUuid(id: number): string {
  const digits = id.toString(16).padStart(32, '0');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}

function fromUuid(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', ''), 16);
}

function toWhere(filter: VectorFilter): string {
  const operands = TAG_NAMES.filter((tag) => filter[tag] !== null).map(
    (tag) => `{path: ["${tag}"], operator: Equal, valueText: ${JSON.stringify(filter[tag])}}`,
  );
  if (operands.length === 0) return '';
  return `, where: ${operands.length === 1 ? operands[0] : `{operator: And, operands: [${operands.join(', ')}]}`}`;
}
