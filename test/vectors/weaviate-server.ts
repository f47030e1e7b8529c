import { type JsonAnswer, type JsonRequest, JsonServer } from './json-server.ts';
import { Shelf, type Tags } from './shelf.ts';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/**
 * Answers as Weaviate does: `{error: [{message}]}` with a status of HTTP, but a batch whose objects failed is a 200 with `result.errors`
 * in each of them, and what is wrong with a query of GraphQL stands in `errors` of a 200. A class has as many dimensions as its first vector.
 */
export function startWeaviate(key: string | null = null): Promise<JsonServer> {
  const classes = new Map<string, Shelf>();
  return new JsonServer((request) => answer(classes, key, request)).listen();
}

const fail = (status: number, message: string): JsonAnswer => ({ status, body: { error: [{ message }] } });

function answer(classes: Map<string, Shelf>, key: string | null, { method, path, headers, body }: JsonRequest): JsonAnswer {
  if (key !== null && headers.authorization !== `Bearer ${key}`)
    return { status: 401, body: { code: 401, message: 'anonymous access not enabled' } };
  switch (`${method} ${path}`) {
    case 'POST /v1/schema':
      if (!/^[A-Z][_0-9A-Za-z]*$/.test(body.class)) return fail(422, `'${body.class}' is not a valid class name`);
      if (classes.has(body.class)) return fail(422, `class name ${body.class} already exists`);
      if (body.vectorizer !== 'none' || body.vectorIndexConfig?.distance !== 'cosine') return fail(422, 'the tests speak of cosine only');
      classes.set(body.class, new Shelf(null));
      return { status: 200, body };
    case 'POST /v1/batch/objects':
      return { status: 200, body: body.objects.map((object: BatchObject) => put(classes, object)) };
    case 'DELETE /v1/batch/objects': {
      const { class: type, where } = body.match;
      if (where.path[0] !== 'id' || where.operator !== 'ContainsAny') return fail(422, 'invalid where filter');
      const shelf = classes.get(type);
      const gone = (where.valueTextArray as string[]).filter((id) => shelf?.rows.delete(id)).length;
      return {
        status: 200,
        body: {
          match: body.match,
          output: 'minimal',
          results: { matches: gone, limit: 10_000, successful: gone, failed: 0, objects: null },
        },
      };
    }
    case 'POST /v1/graphql':
      return { status: 200, body: query(classes, body.query) };
  }
  const [, name] = /^\/v1\/schema\/(\w+)$/.exec(path) ?? [];
  if (method === 'GET' && name !== undefined) {
    return classes.has(name) ? { status: 200, body: { class: name } } : { status: 404, body: null };
  }
  return { status: 404, body: { code: 404, message: `path ${path} was not found` } };
}

interface BatchObject {
  readonly class: string;
  readonly id: string;
  readonly vector: readonly number[];
  readonly properties: Tags;
}

function put(classes: Map<string, Shelf>, object: BatchObject): object {
  const refuse = (message: string): object => ({ ...object, result: { status: 'FAILED', errors: { error: [{ message }] } } });
  const shelf = classes.get(object.class);
  if (shelf === undefined) return refuse(`class '${object.class}' not present in schema`);
  if (!UUID.test(object.id)) return refuse(`invalid UUID: ${object.id}`);
  shelf.dimensions ??= object.vector.length;
  if (shelf.dimensions !== object.vector.length) {
    return refuse(
      `Validate vector index for ${object.id}: new node has a vector with length ${object.vector.length}. Existing nodes have vectors with length ${shelf.dimensions}: vector dimensions do not match the index dimensions`,
    );
  }
  shelf.rows.set(object.id, { vector: object.vector, tags: object.properties });
  return { ...object, deprecations: null, result: { status: 'SUCCESS' } };
}

/** As much of GraphQL as is asked: `Get` with a vector and a filter, and `Aggregate` that counts. */
function query(classes: Map<string, Shelf>, text: string): object {
  const refuse = (message: string): object => ({ data: null, errors: [{ message, path: ['Get'], locations: [{ line: 1, column: 6 }] }] });
  const [, counted] = /^\{Aggregate\{(\w+)\{meta\{count\}\}\}\}$/.exec(text) ?? [];
  if (counted !== undefined) {
    const shelf = classes.get(counted);
    return shelf === undefined
      ? refuse(`Cannot query field "${counted}" on type "AggregateObjectsObj".`)
      : { data: { Aggregate: { [counted]: [{ meta: { count: shelf.rows.size } }] } } };
  }
  const [, type, vectorText, limit, where = ''] =
    /^\{Get\{(\w+)\(nearVector: \{vector: (\[[^\]]*\])\}, limit: (\d+)(?:, where: (.*))?\)\{_additional\{id distance\}\}\}\}$/s.exec(
      text,
    ) ?? [];
  if (type === undefined) return refuse('Syntax Error GraphQL request (1:1) Unexpected Name');
  const shelf = classes.get(type);
  if (shelf === undefined) return refuse(`Cannot query field "${type}" on type "GetObjectsObj".`);
  const vector = JSON.parse(vectorText) as number[];
  if (shelf.dimensions !== null && shelf.dimensions !== vector.length) {
    return refuse(
      `explorer: get class: vector search: object vector search at index: knn search: distance between entrypoint and query node: vector lengths don't match: ${shelf.dimensions} vs ${vector.length}`,
    );
  }
  const equals = [...where.matchAll(/\{path: \["(\w+)"\], operator: Equal, valueText: ("(?:[^"\\]|\\.)*")\}/g)];
  if (where !== '' && equals.length !== (where.match(/operator: Equal/g) ?? []).length) return refuse('Argument "where" has invalid value');
  const holds = (tags: Tags): boolean => equals.every(([, name, value]) => tags[name] === JSON.parse(value));
  const found = shelf.nearest(vector, Number(limit), holds).map(({ id, cosine }) => ({ _additional: { id, distance: 1 - cosine } }));
  return { data: { Get: { [type]: found } } };
}
