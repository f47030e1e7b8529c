import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Content {
  readonly schema?: unknown;
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}
/** What `GET /openapi.json` says, as far as answers are checked by it. */
export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Answered {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
  /** Without parameters; null = there is none. */
  readonly type: string | null;
  /** Where `type` is JSON. */
  readonly body?: unknown;
}

/** What is served beside the described paths. */
const HIDDEN = ['/openapi.json', '/mcp', '/dashboard'];
const ERRORS = ['error', 'detail', 'type'];

/** Judges answers by the description that the server gives of itself; null = as described. */
export function openCheck(document: ApiDocument): (answered: Answered) => string | null {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const compiled = new Map<unknown, ValidateFunction>();
  const routes = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  const find = (path: string): string | undefined =>
    path in document.paths ? path : routes.find(({ pattern }) => pattern.test(path))?.path;
  return ({ method, path, status, type, body }) => {
    const what = `${method} ${path} → ${status}`;
    if (method === 'OPTIONS' || HIDDEN.some((hidden) => path === hidden || path.startsWith(`${hidden}/`))) return null;
    const operation = document.paths[find(path) ?? '']?.[method.toLowerCase()];
    if (operation === undefined) {
      if (status < 400) return `${what}: no such operation is described`;
      return typeof body === 'object' && body !== null && ERRORS.some((name) => name in body) ? null : `${what}: no error of any API`;
    }
    const { responses } = operation;
    const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`] ?? responses.default;
    if (response === undefined) return `${what}: the status is not described`;
    if (type === null) return null;
    const content = response.content?.[type];
    if (content === undefined) return `${what}: \`${type}\` is not described, ${Object.keys(response.content ?? {})} is`;
    if (!type.endsWith('json') || body === undefined || content.schema === undefined) return null;
    let validate = compiled.get(content.schema);
    if (validate === undefined) {
      validate = ajv.compile(content.schema as object);
      compiled.set(content.schema, validate);
    }
    return validate(body) ? null : `${what}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body).slice(0, 500)}`;
  };
}
