import { type ApiDocument, type Answered, openCheck } from './check-answer.ts';

/** Tests whose every answer has to be as the API's description says. */
const WATCHED = /\/test\/e2e\/(?:orchestrator\/|pool)/;
const send = globalThis.fetch;
const origins = new Set<string>();
let check: ((answered: Answered) => string | null) | null = null;
let seen = 0;

/** How many answers were judged so far. */
export function countJudged(): number {
  return seen;
}

/** From here on, what `fetch` gets from a policyd of a watched test is judged by the description that policyd serves. */
export async function watchAnswers(url: string): Promise<void> {
  if (process.env.VITEST === undefined) return;
  const { expect } = await import('vitest');
  if (!WATCHED.test(expect.getState().testPath ?? '')) return;
  check ??= openCheck((await (await send(`${url}/openapi.json`)).json()) as ApiDocument);
  origins.add(new URL(url).origin);
  globalThis.fetch = judged;
}

async function judged(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const answer = await send(input, init);
  const asked = new URL(input instanceof Request ? input.url : input);
  if (!origins.has(asked.origin)) return answer;
  const type = answer.headers.get('content-type')?.split(';')[0].trim() ?? null;
  const body =
    type === 'application/json'
      ? await answer
          .clone()
          .json()
          .catch(() => undefined)
      : undefined;
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  const mistake = check!({ method, path: asked.pathname, status: answer.status, type, body });
  if (mistake !== null) throw new Error(`not as /openapi.json says: ${mistake}`);
  seen++;
  return answer;
}
