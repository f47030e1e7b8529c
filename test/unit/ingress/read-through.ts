import type { Ingress, IngressRequest } from '../../../runtime/ingress/ingress.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';

interface Read {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
  readonly chat: any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly pivot: any;
  readonly warnings: readonly string[];
  readonly request: IngressRequest;
}

/** Reads a body; what is made of it must pass the gateway's own reader. */
export function readThrough(ingress: Ingress, body: object): Read {
  const request = ingress.read(Buffer.from(JSON.stringify(body)));
  for (const bytes of [request.chat, request.pivot]) readRequestBody(ingress.endpoint, bytes);
  return {
    chat: JSON.parse(request.chat.toString()),
    pivot: JSON.parse(request.pivot.toString()),
    warnings: request.warnings,
    request,
  };
}

/** Reads a body that is wrong. */
export function refusalOf(ingress: Ingress, body: object): BadRequest {
  try {
    ingress.read(Buffer.from(JSON.stringify(body)));
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
  throw new Error('the body is not refused');
}
