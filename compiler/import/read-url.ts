import { variableOf } from './tree-values.ts';

/** What can be said of an address without asking it. */
export type Address =
  | {
      readonly url: string /** Whether LiteLLM and policyd put the same path behind it, as far as the text shows. */;
      readonly samePath: boolean;
    }
  | { readonly url: null; readonly why: string };

/** Ends of a base that policyd puts there itself. */
const ENDS = /\/(v1\/chat\/completions|chat\/completions|v1\/messages|v1beta|v1)$/;

/** `api_base` as the `url` of a backend: the root of the server. */
export function readUrl(base: string): Address {
  const variable = variableOf(base);
  if (variable !== null) return { url: `\${${variable}}`, samePath: true };
  const trimmed = base.replace(/\/+$/, '');
  const root = trimmed.replace(ENDS, '').replace(/\/+$/, '');
  if (/[\s\u0000-\u001f\u007f]|\$\{/.test(root) || root.length > 2048 || !/^https?:\/\/[^/]/i.test(root) || !URL.canParse(root)) {
    return { url: null, why: 'its address is no complete `http://` or `https://` address' };
  }
  const { username, password, search, hash } = new URL(root);
  if (username !== '' || password !== '') return { url: null, why: 'its address holds a user name or a password' };
  if (search !== '' || hash !== '') return { url: null, why: 'its address holds a query or a fragment' };
  return { url: root, samePath: ENDS.test(trimmed) };
}
