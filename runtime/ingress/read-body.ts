import type { JsonObject } from '../backends/translate/json-object.ts';
import { parseExact } from '../backends/translate/parse-exact.ts';
import type { KeyTable } from '../intent/key-table.ts';
import { scanBody } from '../intent/scan.ts';

/**
 * A body in a caller's own API, checked as every body is: UTF-8, RFC 8259, bounded depth, and none of `keys` twice. Numbers that a double
 * can't hold keep their digits.
 *
 * @throws BadRequest
 */
export function readBody(buffer: Buffer, keys: KeyTable<string>): JsonObject {
  scanBody(buffer, keys);
  return parseExact(buffer.toString()) as JsonObject;
}
