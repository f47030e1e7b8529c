import { Problem } from './problem.ts';
import { sessionKey } from './session-key.ts';

/** How long an answer may take, in ms: longer than the minute after which the server gives up a comparison of policies, and says why. */
const PATIENCE = 90_000;

export interface Question {
  readonly method?: string;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: string;
  /** What must still be in force for a change to be made. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

/** Asks the server this page came from. @throws Problem */
export async function ask(path: string, { method = 'GET', accept, body, ifMatch, signal }: Question = {}): Promise<Response> {
  const key = sessionKey.read();
  const headers: Record<string, string> = {
    ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    ...(accept === undefined ? {} : { accept }),
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const late = signal ?? AbortSignal.timeout(PATIENCE);
  const answer = await fetch(path, { method, headers, signal: late, cache: 'no-store', ...(body === undefined ? {} : { body }) }).catch(
    (error: unknown) => {
      throw new Problem(0, `the server can't be reached: ${(error as Error).message}`);
    },
  );
  if (answer.ok) return answer;
  throw new Problem(answer.status, await readMessage(answer));
}

/** @throws Problem */
export async function askJson<T>(path: string, question: Question = {}): Promise<T> {
  return (await (await ask(path, question)).json()) as T;
}

/** Both envelopes that the server knows; else its status. */
async function readMessage(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => '');
  try {
    const told = JSON.parse(text) as { readonly error?: { readonly message?: string }; readonly detail?: unknown };
    const message = told.error?.message ?? told.detail;
    if (typeof message === 'string') return message;
  } catch {
    // No JSON: a proxy in between may have answered.
  }
  return `the server answered ${answer.status}`;
}
