/**
 * Replaces `${NAME}` and `${NAME:-default}` in a text. As in a shell, the default also stands in for an empty variable.
 * A variable that is neither set nor has a default is a problem, added to `problems`.
 */
export function resolveEnv(text: string, env: Readonly<Record<string, string | undefined>>, place: string, problems: string[]): string {
  return text.replace(/\$\{([^}]*)\}/g, (whole, inner: string) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner);
    if (!match) {
      problems.push(`${place}: \`${whole}\` is neither \`\${NAME}\` nor \`\${NAME:-default}\``);
      return '';
    }
    const [, name, fallback] = match;
    const value = env[name];
    if (value) return value;
    if (fallback !== undefined) return fallback;
    problems.push(`${place}: variable \`${name}\` is not set and has no default`);
    return '';
  });
}
