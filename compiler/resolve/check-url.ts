import type { Spot } from '../parse/tree.ts';
import type { Desk } from './desk.ts';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** The url as written, without a trailing `/` or `/v1`; null, with a finding, where no server can stand behind it. */
export function checkUrl(url: string, spot: Spot, desk: Desk): string | null {
  const trimmed = url.trim().replace(/\/+$/, '').replace(/\/v1$/, '').replace(/\/+$/, '');
  if (/\$\{/.test(trimmed.replaceAll(REFERENCE, ''))) {
    return desk.report(
      'bad-value',
      spot,
      'the url holds `${` that is no `${NAME}` or `${NAME:-default}`',
      'use letters, digits and `_` in the name, and close the `}`',
    );
  }
  // A reference without a default is only known when the router is loaded; what stands around it is checked all the same.
  const supposed = trimmed.replaceAll(REFERENCE, (_, __, fallback?: string) => fallback ?? UNKNOWN);
  if (supposed === UNKNOWN || supposed.startsWith(UNKNOWN)) return trimmed;
  let parsed: URL;
  try {
    parsed = new URL(supposed.replaceAll(UNKNOWN, '1'));
  } catch {
    return desk.report('bad-value', spot, 'the url is not a complete address', 'write it like this: `http://127.0.0.1:11434`');
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return desk.report(
      'bad-value',
      spot,
      `the url speaks \`${parsed.protocol}\`, expected \`http:\` or \`https:\``,
      'write it like this: `http://127.0.0.1:11434`',
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return desk.report(
      'bad-value',
      spot,
      'the url holds a user name or a password',
      'secrets are never written: name the variable in `api_key_env`',
    );
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    return desk.report(
      'bad-value',
      spot,
      'the url holds a query or a fragment',
      'write the root of the server alone, such as `http://127.0.0.1:11434`',
    );
  }
  return trimmed;
}

const UNKNOWN = '\u0000';
