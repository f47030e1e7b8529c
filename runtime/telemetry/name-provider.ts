/** The providers that the conventions name otherwise than the policy does. */
const PROVIDERS: Readonly<Record<string, string>> = { google: 'gcp.gemini' };

/** `gen_ai.provider.name` of a type of backend. Source: semantic conventions for generative AI. */
export function nameProvider(type: string): string {
  return PROVIDERS[type] ?? type;
}
