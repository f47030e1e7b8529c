import type { Privacy } from '../../../../schema/vocabulary.ts';
import type { PolicyCell } from '../../../router/policy-cell.ts';
import { type EmbeddingClient, EmbeddingError } from './embedding-client.ts';
import { nameSpace, type Space } from './space.ts';
import { staysInside } from './stays-inside.ts';

/** Queries whose vectors are remembered, and queries that are embedded at once. */
const KEPT = 256;
const MOST = 32;
/** Longest wait of a search for its vector, and how long none is asked for after a failure, in ms. */
const PATIENCE = 5_000;
const REST = 5_000;

/** The vector of a query, or why there is none. */
export type QueryVector = { readonly vector: Float32Array; readonly problem: null } | { readonly vector: null; readonly problem: string };

/** Embeds what is searched for. A search never waits long for it, and after a failure not at all for a while. */
export class QueryEmbedder {
  readonly #client: EmbeddingClient;
  readonly #cell: PolicyCell;
  readonly #key: string | null;
  readonly #kept = new Map<string, Float32Array>();
  #running = 0;
  #rested: { readonly until: number; readonly problem: string } | null = null;

  constructor(client: EmbeddingClient, cell: PolicyCell, key: string | null) {
    this.#client = client;
    this.#cell = cell;
    this.#key = key;
  }

  async embed(space: Space, text: string, privacy: Privacy): Promise<QueryVector> {
    const id = `${nameSpace(space)} ${text}`;
    const known = this.#kept.get(id);
    if (known !== undefined) {
      this.#kept.delete(id);
      this.#kept.set(id, known);
      return { vector: known, problem: null };
    }
    const body = this.#client.write(space.asked, [text]);
    if (privacy === 'restricted' && !staysInside(this.#cell, body, this.#key)) {
      return refuse(`the policy does not keep embeddings of \`${space.asked}\` inside, and the query is restricted`);
    }
    if (this.#rested !== null && this.#rested.until > performance.now()) return refuse(this.#rested.problem);
    if (this.#running >= MOST) return refuse('too many searches wait for embeddings');
    this.#running++;
    try {
      const { model, vectors } = await this.#client.ask(body, 1, AbortSignal.timeout(PATIENCE));
      this.#rested = null;
      const [vector] = vectors;
      if (model !== space.answered || vector.length !== space.dimensions) {
        return refuse(`the query was embedded by \`${model}\`, the documents by \`${space.answered}\``);
      }
      if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(id, vector);
      return { vector, problem: null };
    } catch (error) {
      const problem = (error as Error).message;
      // A text that the model refuses says nothing of the next one.
      if (!(error instanceof EmbeddingError && error.input)) this.#rested = { until: performance.now() + REST, problem };
      return refuse(problem);
    } finally {
      this.#running--;
    }
  }
}

function refuse(problem: string): QueryVector {
  return { vector: null, problem };
}
