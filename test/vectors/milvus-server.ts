import { type JsonAnswer, type JsonRequest, JsonServer } from './json-server.ts';
import { Shelf, type Tags } from './shelf.ts';

/**
 * Answers as Milvus' RESTful API v2 does (`internal/distributed/proxy/httpserver` of its sources): always status 200, `{code: 0, data}` or
 * `{code, message}`. Whole numbers are text, unless `Accept-Type-Allow-Int64` asks for numbers.
 */
export function startMilvus(key: string | null = null): Promise<JsonServer> {
  const collections = new Map<string, Shelf>();
  return new JsonServer((request) => answer(collections, key, request)).listen();
}

const ok = (data: unknown): JsonAnswer => ({ status: 200, body: { code: 0, cost: 0, data } });
const fail = (code: number, message: string): JsonAnswer => ({ status: 200, body: { code, message } });
const missing = (field: string): JsonAnswer =>
  fail(1802, `missing required parameters, error: Key: '${field}' Error:Field validation for '${field}' failed on the 'required' tag`);

function answer(collections: Map<string, Shelf>, key: string | null, { method, path, headers, body }: JsonRequest): JsonAnswer {
  if (key !== null && headers.authorization !== `Bearer ${key}`)
    return { status: 401, body: { code: 1800, message: "user hasn't authenticated" } };
  const [, verb] = /^\/v2\/vectordb\/(.+)$/.exec(path) ?? [];
  if (method !== 'POST' || verb === undefined) return { status: 404, body: null };
  const name = body?.collectionName;
  if (typeof name !== 'string') return missing('CollectionName');
  const shelf = collections.get(name);
  if (verb === 'collections/has') return ok({ has: shelf !== undefined });
  if (verb === 'collections/create') return create(collections, body);
  if (shelf === undefined) return fail(100, `can't find collection[database=default][collection=${name}]`);
  const number = (id: string): unknown => (headers['accept-type-allow-int64'] === 'true' ? Number(id) : id);
  switch (verb) {
    case 'collections/load':
      return ok({});
    case 'collections/describe': {
      const vector = { name: 'vector', type: 'FloatVector', params: [{ key: 'dim', value: String(shelf.dimensions) }] };
      return ok({ collectionName: name, fields: [{ name: 'id', type: 'Int64', primaryKey: true }, vector], load: 'LoadStateLoaded' });
    }
    case 'entities/upsert': {
      if (!Array.isArray(body.data)) return missing('Data');
      for (const { id, vector, ...tags } of body.data) {
        if (vector.length !== shelf.dimensions) {
          return fail(
            1804,
            `fail to deal the insert data, error: the length(${vector.length}) of float data should divide the dim(${shelf.dimensions})`,
          );
        }
        shelf.rows.set(String(id), { vector, tags });
      }
      return ok({ upsertCount: body.data.length, upsertIds: body.data.map(({ id }: { id: number }) => number(String(id))) });
    }
    case 'entities/delete': {
      const [, ids] = /^id in \[([\d,]*)\]$/.exec(body.filter ?? '') ?? [];
      if (ids === undefined) return fail(1100, `failed to create delete plan: cannot parse expression: ${body.filter}`);
      for (const id of ids.split(',')) shelf.rows.delete(id);
      return ok({});
    }
    case 'entities/search': {
      const [vector] = body.data as number[][];
      if (vector.length !== shelf.dimensions) {
        return fail(
          65535,
          `fail to search on QueryNode 1: worker(1) query failed: vector dimension mismatch, expected vector size(byte) ${shelf.dimensions! * 4}, actual ${vector.length * 4}`,
        );
      }
      const holds = readExpression(body.filter ?? '');
      if (holds === null) return fail(1100, `failed to create query plan: cannot parse expression: ${body.filter}`);
      return ok(shelf.nearest(vector, body.limit ?? 100, holds).map(({ id, cosine }) => ({ distance: cosine, id: number(id) })));
    }
    case 'entities/query':
      return body.outputFields?.[0] === 'count(*)' ? ok([{ 'count(*)': shelf.rows.size }]) : fail(1100, 'the tests count only');
    default:
      return { status: 404, body: null };
  }
}

function create(collections: Map<string, Shelf>, body: Record<string, unknown>): JsonAnswer {
  const { schema, indexParams, collectionName } = body as {
    collectionName: string;
    schema: { fields: { fieldName: string; dataType: string; isPrimary?: boolean; elementTypeParams?: { dim?: number } }[] };
    indexParams?: { metricType: string }[];
  };
  const vector = schema.fields.find(({ dataType }) => dataType === 'FloatVector');
  if (!schema.fields.some(({ isPrimary }) => isPrimary)) return fail(1100, 'primary key is not specified');
  if (!vector?.elementTypeParams?.dim) return fail(1100, 'dimension is not defined in field type params');
  if (indexParams?.[0].metricType !== 'COSINE') return fail(1100, 'the tests speak of cosine only');
  const known = collections.get(collectionName);
  // Making the same again is none; with another schema it is refused.
  if (known !== undefined && known.dimensions !== vector.elementTypeParams.dim) {
    return fail(65535, `create duplicate collection with different parameters, collection: ${collectionName}`);
  }
  if (known === undefined) collections.set(collectionName, new Shelf(vector.elementTypeParams.dim));
  return ok({});
}

/** `a == "x" and b == "y"`; null = it is not that. */
function readExpression(text: string): ((tags: Tags) => boolean) | null {
  if (text === '') return () => true;
  const TERM = /(\w+) == ("(?:[^"\\]|\\.)*")/y;
  const terms: [string, string][] = [];
  for (let at = 0; ; ) {
    TERM.lastIndex = at;
    const found = TERM.exec(text);
    if (found === null) return null;
    terms.push([found[1], JSON.parse(found[2])]);
    at = TERM.lastIndex;
    if (at === text.length) return (tags) => terms.every(([name, value]) => tags[name] === value);
    if (!text.startsWith(' and ', at)) return null;
    at += ' and '.length;
  }
}
