/** What kube-apiserver answers in place of an object (apimachinery `metav1.Status`), word for word. */
export interface KubeFailure {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: Record<string, unknown>;
  readonly code: number;
}

export class Refusal extends Error {
  readonly body: KubeFailure;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, reason: string, message: string, details?: Record<string, unknown>, headers: Record<string, string> = {}) {
    super(message);
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
    this.headers = headers;
  }
}

export const unauthorized = (): Refusal => new Refusal(401, 'Unauthorized', 'Unauthorized');

export function forbidden(user: string, verb: string, resource: string, name: string | null, namespace: string | null): Refusal {
  const [kind] = resource.split('/');
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = name === null ? kind : `${kind} "${name}"`;
  return new Refusal(
    403,
    'Forbidden',
    `${what} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "" ${where}`,
    { ...(name === null ? {} : { name }), kind },
  );
}

export const notFound = (kind: string, name: string): Refusal =>
  new Refusal(404, 'NotFound', `${kind} "${name}" not found`, { name, kind });

export const alreadyExists = (kind: string, name: string): Refusal =>
  new Refusal(409, 'AlreadyExists', `${kind} "${name}" already exists`, { name, kind });

export const uidConflict = (kind: string, name: string, asked: string, found: string): Refusal =>
  new Refusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${kind} "${name}": the UID in the precondition (${asked}) does not match the UID in record (${found}). The object might have been deleted and then recreated`,
    { name, kind },
  );

export function invalid(kind: string, name: string, causes: readonly { reason: string; message: string; field: string }[]): Refusal {
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  return new Refusal(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, { name, kind, causes });
}

export const expired = (asked: number, oldest: number): Refusal =>
  new Refusal(410, 'Expired', `too old resource version: ${asked} (${oldest})`);

export const expiredContinue = (): Refusal =>
  new Refusal(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
  );

export const budget = (name: string, needs: number, has: number): Refusal =>
  new Refusal(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} needs ${needs} healthy pods and has ${has} currently` }],
  });

export const twoBudgets = (): Refusal =>
  new Refusal(500, 'InternalError', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
