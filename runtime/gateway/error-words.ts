import type { Ingress, IngressError } from '../ingress/ingress.ts';
import { readAnswer } from './translated-stream.ts';

/** How errors are told in the API that a route's callers speak. */
export interface ErrorWords {
  /** An error of the gateway's own. `extra`: what it knows beside the error. */
  write(error: IngressError, extra: Readonly<Record<string, unknown>>): Buffer;
  /** A backend's error, in OpenAI's envelope or whatever the backend said. */
  repeat(status: number, body: Buffer, requestId: string): Buffer;
}

/** OpenAI's error envelope; what a backend said stays as it is. Source: https://platform.openai.com/docs/guides/error-codes */
export const OPENAI_ERRORS: ErrorWords = {
  write({ message, type, param, code }, extra) {
    return Buffer.from(JSON.stringify({ error: { message, type, param, code }, ...extra }));
  },
  repeat: (_status, body) => body,
};

/** Errors in the words of another API. */
export function errorsOf(ingress: Ingress): ErrorWords {
  return {
    write: (error, extra) => ingress.writeError(error, extra),
    repeat: (status, body, requestId) => ingress.writeError({ ...readAnswer(body, status), requestId }, {}),
  };
}
