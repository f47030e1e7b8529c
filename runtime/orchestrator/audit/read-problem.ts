/** Most characters of an answer that are looked at. */
const MOST = 65_536;

/**
 * What an answer that is no success says, in any of the forms that this server's APIs have: `{"error":{message,code}}` (OpenAI),
 * `{"error":{type,message}}` (Anthropic), `{"error":"…"}` (Ollama), `{"detail":"…","error":code}` (coordination). A code that is not told is the slug
 * of the message.
 */
export function readProblem(body: unknown): { readonly code: string | null; readonly detail: string | null } {
  if (typeof body !== 'string' || body.length > MOST) return { code: null, detail: null };
  let said: { error?: unknown; detail?: unknown };
  try {
    said = JSON.parse(body) as typeof said;
  } catch {
    return { code: null, detail: null };
  }
  const { error, detail: told } = said ?? {};
  if (typeof told === 'string') return { code: typeof error === 'string' ? error : findSlug(told), detail: told };
  if (typeof error === 'string') return { code: findSlug(error), detail: error };
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const detail = typeof message === 'string' ? message : null;
  return { code: typeof code === 'string' ? code : findSlug(detail), detail };
}

function findSlug(text: string | null): string | null {
  return /\[([a-z0-9-]+)\]/.exec(text ?? '')?.[1] ?? null;
}
