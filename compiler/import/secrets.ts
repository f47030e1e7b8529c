import type { Tree } from '../parse/tree.ts';
import { leavesOf, variableOf } from './tree-values.ts';

/** Keys whose values are secrets; `max_tokens`, `input_cost_per_token` and `key_management_system` are not. */
const NAMES =
  /(^|[_-])(key|secret|password|passwd|pwd|token|dsn|license|credentials?|webhook_url)$|api_?key|secret|password|authorization|access_key|private_key/i;
const HARMLESS =
  /^(key_|enable_|disable_|max_|allowed_|default_api_key_|litellm_key_header_name$|custom_key_generate$)|cost|_per_token|(_ttl|_type|_name|_names|_alias|_file|_path|_mode|_format|_format_validation)$/i;

/** What people write where a server asks for no key. */
const PLACEHOLDERS =
  /^(none|null|empty|fake|dummy|anything|placeholder|ollama|lm-studio|no-?key|not-needed|(sk-)?no-key-required|(my-)?fake-(api-?)?key|sk-fake)$/i;

/** Whether it stands where a key belongs, and is none. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.test(text);
}

/** A password, or a key in the query, of an address. */
const IN_ADDRESS = /:\/\/[^\s/@]*:[^\s/@]+@|[?&][^=&]*(key|token|secret|password|sig)[^=&]*=/i;

/** Whether a value under this key may be a secret. */
export function isSecretName(name: string): boolean {
  return NAMES.test(name) && !HARMLESS.test(name);
}

/** The keys under which a secret stands in the open, in or below a value, in the order of the text. */
export function findSecrets(tree: Tree, under: string): string[] {
  const found = new Set<string>();
  for (const [name, { value }] of leavesOf(tree, under)) {
    if (value === null || typeof value === 'boolean' || value === '') continue;
    const text = String(value);
    if (variableOf(text) !== null || isPlaceholder(text)) continue;
    if (isSecretName(name) || IN_ADDRESS.test(text)) found.add(name);
  }
  return [...found];
}
