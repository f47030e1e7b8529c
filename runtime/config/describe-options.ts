import { OPTIONS, toVariable } from './options.ts';

/** The text of `policyd --help`. */
export function describeOptions(): string {
  const rows = OPTIONS.map((option) => {
    const flag = `--${option.flag}${option.kind === 'switch' ? '' : ` <${option.kind}>`}`;
    const fallback = option.fallback === null ? '' : ` (default ${option.fallback})`;
    return `  ${flag.padEnd(26)} ${toVariable(option.flag).padEnd(26)} ${option.help}${fallback}`;
  });
  return ['policyd: serves a compiled policy as an OpenAI-compatible gateway', '', ...rows, ''].join('\n');
}
