import type { ApiRequest } from './api-error.ts';

const PATH = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/;

/** A request in the words of access rules: `create pods/eviction` and so on. */
export function describeRequest(method: string, url: URL, cluster: string): ApiRequest {
  // The server may stand below a path of its own.
  const start = url.pathname.search(/\/apis?(\/|$)/);
  const [, namespace = null, resource, name = null, sub] = PATH.exec(url.pathname.slice(Math.max(start, 0))) ?? [];
  if (resource === undefined) return { verb: 'get', resource: url.pathname, namespace: null, name: null, cluster };
  const verb =
    method === 'GET' ? (name !== null ? 'get' : url.searchParams.get('watch') === 'true' ? 'watch' : 'list') : method.toLowerCase();
  return {
    verb: verb === 'post' ? 'create' : verb,
    resource: sub === undefined ? resource : `${resource}/${sub}`,
    namespace: namespace === null ? null : decodeURIComponent(namespace),
    name: name === null ? null : decodeURIComponent(name),
    cluster,
  };
}
