/** A field of a request that is wrong. `path` as in `needs.cpu` or `env.0`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/**
 * What the orchestrator cannot do, with the status that tells it: the error envelope of OpenAI, with `fields` (422) and `reasons` (409)
 * beside `error`.
 */
export class OrchestratorError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly FieldError[];
  /** Machine-readable: each has a `code`. */
  readonly reasons: readonly Readonly<Record<string, unknown>>[];
  /** Seconds after which asking again may help; null = it does not, or nobody knows. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { fields?: readonly FieldError[]; reasons?: readonly Readonly<Record<string, unknown>>[]; retryAfter?: number | null } = {},
  ) {
    super(message);
    this.name = 'OrchestratorError';
    this.status = status;
    this.code = code;
    this.fields = more.fields ?? [];
    this.reasons = more.reasons ?? [];
    this.retryAfter = more.retryAfter ?? null;
  }
}
