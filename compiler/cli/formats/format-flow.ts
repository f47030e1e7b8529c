/** Characters of a YAML plain scalar that needs no quotes anywhere, in a list or map too; what could be read as something else is quoted. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*$/;
const NO_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A value in YAML's flow style, on one line. */
export function formatFlow(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) && !NO_TEXT.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(formatFlow).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${formatFlow(key)}: ${formatFlow(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
