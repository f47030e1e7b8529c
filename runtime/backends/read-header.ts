/** Names in lower case: a record as HTTP clients give it, or a flat list of names and values. */
export type HeaderSource = Readonly<Record<string, string | string[] | undefined>> | readonly string[];

/** A header's first value without blanks around it; null where it is absent or empty. */
export function readHeader(headers: HeaderSource, name: string): string | null {
  const value = isFlat(headers) ? findFlat(headers, name) : headers[name];
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  return text === undefined || text === '' ? null : text;
}

function isFlat(headers: HeaderSource): headers is readonly string[] {
  return Array.isArray(headers);
}

function findFlat(headers: readonly string[], name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1];
  return undefined;
}
