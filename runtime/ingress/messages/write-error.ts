import { ERROR_KINDS, type ErrorKind } from '../../backends/anthropic/read-error.ts';
import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { IngressError } from '../ingress.ts';

const KINDS: Readonly<Record<number, ErrorKind>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/**
 * An error as the Messages API tells one: its kind by the status, unless it is told already.
 * Source: https://platform.claude.com/docs/en/api/errors
 */
export function writeError(error: IngressError, extra: JsonObject = {}): Buffer {
  return Buffer.from(JSON.stringify({ ...sayError(error), ...extra }));
}

export function sayError({ status, message, type, code, requestId }: IngressError): JsonObject {
  const told = ERROR_KINDS.find((kind) => kind === type && kind !== 'invalid_request_error');
  const kind = KINDS[status] ?? told ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return {
    type: 'error',
    error: { type: kind, message, ...(code === null ? {} : { details: { error_code: code } }) },
    request_id: requestId,
  };
}
