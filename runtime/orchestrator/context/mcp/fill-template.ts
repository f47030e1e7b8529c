/** Arguments of a tool with members of an event in place of `{{name}}`; alone in a string it stands for the value itself, `{{*}}` for the whole event. */
export function fillTemplate(template: unknown, event: Readonly<Record<string, unknown>>): unknown {
  if (typeof template === 'string') {
    const [, alone] = /^\{\{([\w*]+)\}\}$/.exec(template) ?? [];
    if (alone !== undefined) return alone === '*' ? event : (event[alone] ?? null);
    return template.replace(/\{\{([\w*]+)\}\}/g, (_, name: string) => toText(name === '*' ? event : event[name]));
  }
  if (Array.isArray(template)) return template.map((part) => fillTemplate(part, event));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, part]) => [name, fillTemplate(part, event)]));
}

function toText(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
