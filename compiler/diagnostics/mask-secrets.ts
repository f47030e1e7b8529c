/** Stands for one character that is not shown, so that what is underlined keeps its columns. */
const MASK = '•';

/** A key written in the open, by the name it is written under or by the way such keys look. */
const SECRETS: readonly RegExp[] = [
  /(?<=\b(?:api_?key|secret|password|passwd|token|authorization|bearer)["']?\s*[:=]\s*["']?)[^\s"',}\]]+/gi,
  // Where a hash or the name of a variable belongs, people put the key itself.
  /(?<=\bsha256["']?\s*:\s*["']?)(?![0-9a-f]{64}\b)[^\s"',}\]]+/gi,
  /(?<=\bapi_key_env["']?\s*:\s*["']?)(?![A-Za-z_][A-Za-z0-9_]*(?:[\s"',}\]]|$))[^\s"',}\]]+/g,
  // A digit among them: names of policies begin in all kinds of ways.
  /\b(?:sk|pk|rk|gsk|xai|ghp|key)[-_](?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{20,}/g,
  /(?<=:\/\/)[^\s/@]+(?=@)/g,
];

/** The text with everything that looks like a secret blotted out, each character by one. */
export function maskSecrets(text: string): string {
  return SECRETS.reduce((masked, secret) => masked.replaceAll(secret, (found) => MASK.repeat(found.length)), text);
}
