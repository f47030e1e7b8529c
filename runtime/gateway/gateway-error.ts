import type { RejectionReason } from '../../schema/decision.ts';

/** What a 503 tells beside its message (requirement B7). */
export interface RejectionContext {
  readonly required_tier: number;
  readonly available_backends: readonly string[];
  readonly eta_seconds: number | null;
  readonly privacy_zone_required: 'restricted' | null;
}

/** An answer other than the one asked for: OpenAI's error envelope, with what the gateway knows beside it. Mapped once, at the edge. */
export class GatewayError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly context: RejectionContext | null;
  readonly reasons: readonly RejectionReason[] | null;

  constructor(status: number, type: string, code: string | null, message: string, more: GatewayErrorDetails = {}) {
    super(message);
    this.name = 'GatewayError';
    this.status = status;
    this.type = type;
    this.code = code;
    this.param = more.param ?? null;
    this.headers = more.headers ?? {};
    this.context = more.context ?? null;
    this.reasons = more.reasons ?? null;
  }
}

export interface GatewayErrorDetails {
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly context?: RejectionContext | null;
  readonly reasons?: readonly RejectionReason[] | null;
}

/** The caller's own mistake: the same request fails again. Too late, in conflict and too often are others. */
export function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 409, 429].includes(status);
}
