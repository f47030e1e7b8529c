import { request } from 'undici';
import type { ApiRequest } from './tools.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends a request to the coordination API of the server at `url`. `authorization`: of whoever asks; null = no key. */
export async function callApi(url: string, authorization: string | null, { method, path, body, headers }: ApiRequest): Promise<ApiAnswer> {
  const answer = await request(`${url}/api/coordination${path}`, {
    method,
    headers: {
      ...headers,
      ...(authorization === null ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.body.text();
  try {
    return { status: answer.statusCode, body: JSON.parse(text) };
  } catch {
    return { status: answer.statusCode, body: { detail: `the server at ${url} answered ${answer.statusCode}, and no json` } };
  }
}
