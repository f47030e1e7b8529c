/** A connection's failure in words, without addresses: they are the operator's, and this text reaches callers. */
export function describeConnectionError(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'no answer in time';
  if (typeof code === 'string' && /^[A-Z0-9_]{1,48}$/.test(code)) return WORDS[code] ?? `the connection failed (${code})`;
  return 'the connection failed';
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused (ECONNREFUSED)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  UND_ERR_SOCKET: 'the connection was closed (UND_ERR_SOCKET)',
  ENOTFOUND: 'its host name is unknown (ENOTFOUND)',
  EAI_AGAIN: 'its host name cannot be looked up (EAI_AGAIN)',
  ETIMEDOUT: 'no answer in time (ETIMEDOUT)',
};
