/** A service that an agent asked did not do it. `status`: of HTTP; 0 where nobody answered; 404 where there is no such service here. */
export class ServiceError extends Error {
  readonly status: number;
  /** The question itself is wrong: nobody gets another answer. Too late, in conflict and too often are others. */
  readonly final: boolean;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ServiceError';
    this.status = status;
    this.final = status >= 400 && status < 500 && ![401, 403, 408, 409, 425, 429].includes(status);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof ServiceError && (error.status === 404 || error.status === 501);
}
