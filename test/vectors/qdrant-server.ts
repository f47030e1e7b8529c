import { type JsonAnswer, type JsonRequest, JsonServer } from './json-server.ts';
import { Shelf, type Tags } from './shelf.ts';

/**
 * Answers as Qdrant does over REST: `{result, status: "ok", time}`, or `{status: {error}, time}` with a status of HTTP. Shapes and words
 * are those of its OpenAPI tests (`tests/openapi` of its sources) and of recorded answers.
 */
export function startQdrant(key: string | null = null, port = 0): Promise<JsonServer> {
  const collections = new Map<string, Shelf>();
  return new JsonServer((request) => answer(collections, key, request)).listen(port);
}

const ok = (result: unknown): JsonAnswer => ({ status: 200, body: { result, status: 'ok', time: 0.001 } });
const fail = (status: number, error: string): JsonAnswer => ({ status, body: { status: { error }, time: 0.001 } });
const DONE = ok({ operation_id: 1, status: 'completed' });

interface Filter {
  readonly must?: readonly { key: string; match: { value: unknown } }[];
}

function answer(collections: Map<string, Shelf>, key: string | null, { method, path, headers, body }: JsonRequest): JsonAnswer {
  if (key !== null && headers['api-key'] !== key) return { status: 401, body: null };
  const [, name, verb] = /^\/collections\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  if (name === undefined) return { status: 404, body: null };
  const shelf = collections.get(name);
  if (method === 'GET' && verb === 'exists') return ok({ exists: shelf !== undefined });
  if (method === 'PUT' && verb === undefined) {
    if (shelf !== undefined) return fail(409, `Wrong input: Collection \`${name}\` already exists!`);
    if (body.vectors.distance !== 'Cosine') return fail(400, 'Format error in JSON body: unknown variant');
    collections.set(name, new Shelf(body.vectors.size));
    return ok(true);
  }
  if (shelf === undefined) return fail(404, `Not found: Collection \`${name}\` doesn't exist!`);
  const wrong = (vector: readonly number[]): JsonAnswer | null =>
    vector.length === shelf.dimensions
      ? null
      : fail(400, `Wrong input: Vector dimension error: expected dim: ${shelf.dimensions}, got ${vector.length}`);
  switch (`${method} ${verb ?? ''}`) {
    case 'GET ':
      return ok({
        status: 'green',
        points_count: shelf.rows.size,
        config: { params: { vectors: { size: shelf.dimensions, distance: 'Cosine' } } },
      });
    case 'PUT index':
      return typeof body.field_name === 'string' && body.field_schema === 'keyword' ? DONE : fail(422, 'Format error in JSON body');
    case 'PUT points':
      for (const { id, vector, payload } of body.points) {
        const refused = wrong(vector);
        if (refused) return refused;
        if (!Number.isInteger(id)) return fail(400, `Format error in JSON body: value ${id} is not a valid point ID`);
        shelf.rows.set(String(id), { vector, tags: payload });
      }
      return DONE;
    case 'POST points/delete':
      for (const id of body.points) shelf.rows.delete(String(id));
      return DONE;
    case 'POST points/query': {
      const refused = wrong(body.query);
      if (refused) return refused;
      const holds = (tags: Tags): boolean =>
        ((body.filter ?? {}) as Filter).must?.every(({ key: tag, match }) => tags[tag] === match.value) ?? true;
      const points = shelf.nearest(body.query, body.limit, holds).map(({ id, cosine }) => ({ id: Number(id), version: 1, score: cosine }));
      return ok({ points });
    }
    case 'POST points/count':
      return ok({ count: shelf.rows.size });
    default:
      return { status: 404, body: null };
  }
}
