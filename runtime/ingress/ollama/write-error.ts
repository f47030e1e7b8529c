import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { IngressError } from '../ingress.ts';

/** Source: https://docs.ollama.com/api/errors */
export function writeError({ message }: IngressError, extra: JsonObject): Buffer {
  return Buffer.from(JSON.stringify({ error: message, ...extra }));
}
