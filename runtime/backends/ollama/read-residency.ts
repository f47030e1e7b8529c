/** Names in `GET /api/ps` of Ollama; a name without a tag means `:latest`. @throws SyntaxError where there is no list. */
export function readResidency(body: string): ReadonlySet<string> {
  const names = new Set<string>();
  const list = (JSON.parse(body) as { models?: unknown }).models;
  if (!Array.isArray(list)) throw new SyntaxError('no list of models');
  for (const entry of list) {
    const name = (entry as { name?: unknown } | null)?.name;
    if (typeof name === 'string') names.add(name.replace(/:latest$/, ''));
  }
  return names;
}
