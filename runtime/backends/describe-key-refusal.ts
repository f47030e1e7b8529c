import type { BackendConfig } from '../../schema/manifest.ts';

/** Which backend does not take our key, and where to put it right. The key itself is never said. */
export function describeKeyRefusal({ name, api_key_env: variable }: BackendConfig, status: number): string {
  return variable === null
    ? `\`${name}\` wants an api key (${status}); help: name the variable that holds it in \`api_key_env\``
    : `\`${name}\` refuses the api key (${status}); help: put a valid one into variable \`${variable}\``;
}
