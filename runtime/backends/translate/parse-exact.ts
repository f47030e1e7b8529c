/** Numbers that a double may not hold as they are written: many digits, or an exponent. */
const SUSPECT = /\d{16}|\d[eE]/;

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * `JSON.parse` for values that are only written again: a number that a double can't hold keeps its digits (an id of 19 digits in a tool
 * call's arguments is none the less that id).
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return SUSPECT.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value;
}
