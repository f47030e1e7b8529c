import { RunnerError } from '../runner.ts';
import type { KubeStatus } from './objects.ts';

/** What was asked of the API server, in the words of its access rules. */
export interface ApiRequest {
  readonly verb: string;
  /** `pods`, `pods/log`, `nodes`, … */
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
  /** Where the cluster is known by: the context's name. */
  readonly cluster: string;
}

/** A refusal or failure of the API server. `status` 0: no answer came. */
export class ApiError extends RunnerError {
  readonly status: number;
  /** Kubernetes' own word: `AlreadyExists`, `Invalid`, … */
  readonly reason: string | null;
  readonly causes: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  /** Ms after which the server wants to be asked again; null = it does not say. */
  readonly retryAfter: number | null;

  constructor(
    code: string,
    fatal: boolean,
    message: string,
    more: Partial<Pick<ApiError, 'status' | 'reason' | 'causes' | 'retryAfter'>> & { cause?: unknown } = {},
  ) {
    super(code, fatal, message, { cause: more.cause });
    this.name = 'ApiError';
    this.status = more.status ?? 0;
    this.reason = more.reason ?? null;
    this.causes = more.causes ?? [];
    this.retryAfter = more.retryAfter ?? null;
  }
}

/** An answer of 400 or more as an error that names the place and the remedy. `body` is a Status of Kubernetes, or whatever a proxy said. */
export function readApiError(request: ApiRequest, status: number, retryAfterHeader: string | null, body: string): ApiError {
  const told = parseStatus(body);
  const said = clip(told?.message ?? body.trim()) || `HTTP ${status}`;
  const reason = told?.reason ?? null;
  const causes = told?.details?.causes ?? [];
  const seconds = told?.details?.retryAfterSeconds ?? Number(retryAfterHeader ?? Number.NaN);
  const more = { status, reason, causes, retryAfter: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null };
  const where = request.namespace === null ? '' : ` in namespace \`${request.namespace}\``;
  const what = `${request.verb} ${request.resource}${request.name === null ? '' : ` \`${request.name}\``}${where}`;
  const fail = (code: string, fatal: boolean, text: string, help: string): ApiError =>
    new ApiError(code, fatal, `cannot ${what}: ${text} [kube-${code.replaceAll('_', '-')}] help: ${help}`, more);
  switch (status) {
    case 401:
      return fail(
        'unauthorized',
        false,
        `cluster \`${request.cluster}\` does not take the credentials: ${said}`,
        'renew the token or certificate of the kubeconfig',
      );
    case 403:
      if (/exceeded quota/.test(said))
        return fail('quota', false, said, 'wait until something ends, or raise the ResourceQuota of the namespace');
      if (causes.some((cause) => cause.reason === 'NamespaceTerminating')) {
        return fail('forbidden', true, said, 'name a namespace that stays with `--kube-namespace`');
      }
      if (!/cannot \w+ resource/.test(said))
        return fail('forbidden', true, said, 'an admission rule of the cluster refuses it: change that, or the workload');
      return fail('forbidden', true, said, `add to its ${request.namespace === null ? 'ClusterRole' : 'Role'}: ${ruleFor(request)}`);
    case 404:
      return /^namespaces? /.test(said)
        ? fail(
            'no_namespace',
            true,
            said,
            `make it with \`kubectl create namespace ${request.namespace}\`, or name another with \`--kube-namespace\``,
          )
        : fail('not_found', true, said, 'it was deleted, or this API server does not serve it');
    case 409:
      return reason === 'AlreadyExists'
        ? fail('already_exists', true, said, 'another object has this name')
        : fail('conflict', false, said, 'it changed meanwhile: ask again');
    case 410:
      return fail('gone', false, said, 'list again');
    case 422:
      return fail(
        'invalid',
        true,
        causes.length > 0 ? causes.map((c) => `\`${c.field}\`: ${c.message}`).join('; ') : said,
        'correct these fields',
      );
    case 429:
      return fail('too_many_requests', false, said, 'the API server is busy, or a budget is spent: ask again later');
    case 504:
      return fail('unavailable', false, said, 'ask again');
    default:
      if (status >= 500) return fail('unavailable', false, `${status}: ${said}`, 'look at the API server');
      return fail('bad_request', true, `${status}: ${said}`, 'this version of the API server wants something else');
  }
}

/** No whole answer came. */
export function networkError(request: ApiRequest, error: unknown): ApiError {
  const { code, message, cause } = error as Error & { code?: string };
  const inner = cause instanceof Error ? cause.message : message;
  const text =
    code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' ? 'no answer in time' : inner || code || 'connection lost';
  return new ApiError(
    'network',
    false,
    `cannot ${request.verb} ${request.resource} of cluster \`${request.cluster}\`: ${clip(text)} [kube-network] help: look whether the API server runs and can be reached from here`,
    { cause: error },
  );
}

/** A token file, a certificate or a plugin of the kubeconfig does not give what it should. What a plugin said is not repeated: it handles secrets. */
export function credentialsError({ cluster }: ApiRequest, error: unknown): ApiError {
  const { code, message } = error as Error & { code?: string };
  const text = code === undefined ? (message.includes('\n') || message === '' ? 'its plugin failed' : message) : `${code}: ${message}`;
  return new ApiError(
    'credentials',
    false,
    `the credentials for cluster \`${cluster}\` cannot be read: ${clip(text)} [kube-credentials] help: run \`kubectl --context ${cluster} get pods\` as the user that policyd runs as`,
    { cause: error },
  );
}

function ruleFor({ resource, verb }: ApiRequest): string {
  const group = resource.startsWith('poddisruptionbudgets') ? 'policy' : '';
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]}`;
}

function parseStatus(body: string): KubeStatus | null {
  try {
    const parsed = JSON.parse(body) as KubeStatus | null;
    return typeof parsed === 'object' && parsed !== null && parsed.kind === 'Status' ? parsed : null;
  } catch {
    return null;
  }
}

/** Messages of others are bounded: 1,000 characters. */
const clip = (text: string): string => (text.length <= 1_000 ? text : `${text.slice(0, 999)}…`);
