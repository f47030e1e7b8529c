import { parseArgs } from 'node:util';
import { Failure } from '../failure.ts';
import { type Config, LOG_LEVELS } from './config.ts';
import { OPTIONS, type Option, toVariable } from './options.ts';

/** Variables that Kubernetes sets by itself in a namespace with a service named `policyd`. */
const NOT_OURS = /^POLICYD_(SERVICE|PORT)_/;

/** Units of a duration, in ms; without one it is ms. */
const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Flags win over `POLICYD_*` variables, these over defaults.
 *
 * @throws Failure `[config]` with every problem at once.
 */
export function readConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  const known = new Set(OPTIONS.map((option) => toVariable(option.flag)));
  for (const name of Object.keys(env)) {
    if (name.startsWith('POLICYD_') && !known.has(name) && !NOT_OURS.test(name)) problems.push(`unknown variable \`${name}\``);
  }
  const values: Record<string, unknown> = {};
  for (const option of OPTIONS) {
    const written = flags.get(option.flag);
    const variable = toVariable(option.flag);
    const place = written === undefined ? variable : `--${option.flag}`;
    const text = written ?? env[variable] ?? option.fallback;
    values[option.key] = text === null ? null : readValue(option, text, place, problems);
  }
  if (values.trust != null && values.watch != null) {
    problems.push('`--watch` compiles what nobody has signed, which `--trust` refuses: sign where the policy is reviewed');
  }
  if (problems.length > 0) throw new Failure('config', problems, 'run `policyd --help` for every flag and variable');
  return values as unknown as Config;
}

function readFlags(args: readonly string[], problems: string[]): Map<string, string> {
  const kinds = Object.fromEntries(
    OPTIONS.map((o) => [o.flag, { type: o.kind === 'switch' ? ('boolean' as const) : ('string' as const) }]),
  );
  const found = new Map<string, string>();
  const { tokens } = parseArgs({ args: [...args], options: kinds, strict: false, tokens: true, allowPositionals: true });
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected argument \`${token.value}\``);
    if (token.kind !== 'option') continue;
    const option = OPTIONS.find((candidate) => candidate.flag === token.name);
    if (!option) problems.push(`unknown flag \`${token.rawName}\``);
    else if (found.has(token.name)) problems.push(`flag \`${token.rawName}\` is given twice`);
    else if (option.kind === 'switch') found.set(token.name, token.value ?? 'true');
    else if (token.value === undefined || token.value === '') problems.push(`flag \`${token.rawName}\` needs a value`);
    else found.set(token.name, token.value);
  }
  return found;
}

function readValue(option: Option, text: string, place: string, problems: string[]): unknown {
  switch (option.kind) {
    case 'number': {
      const [low, high] = option.range!;
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= low && value <= high)) problems.push(`\`${place}\` must be a whole number from ${low} to ${high}, not \`${text}\``);
      return value;
    }
    case 'duration': {
      const [low, high] = option.range!;
      const [, digits, unit] = /^(\d+)(ms|s|m|h|d|)$/.exec(text) ?? [];
      const value = digits === undefined ? Number.NaN : Number(digits) * UNITS[unit];
      if (!(value >= low && value <= high)) {
        problems.push(`\`${place}\` must be a time from ${low} to ${high / UNITS.d}d, like \`90s\`, \`5m\` or \`1h\`, not \`${text}\``);
      }
      return value;
    }
    case 'share': {
      const [low, high] = option.range!;
      const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= low && value <= high))
        problems.push(`\`${place}\` must be a share from ${low} to ${high}, like \`0.1\`, not \`${text}\``);
      return value;
    }
    case 'switch':
      if (text !== 'true' && text !== 'false') problems.push(`\`${place}\` must be true or false, not \`${text}\``);
      return text === 'true';
    case 'choice':
      if (!option.choices!.includes(text)) problems.push(`\`${place}\` must be one of ${option.choices!.join(', ')}, not \`${text}\``);
      return text;
    case 'level':
      if (!LOG_LEVELS.some((level) => level === text)) {
        problems.push(`\`${place}\` must be one of ${LOG_LEVELS.join(', ')}, not \`${text}\``);
      }
      return text;
    case 'origins':
      return text.split(',').map((part) => readOrigin(part.trim(), place, problems));
    case 'text':
      if (text === '') problems.push(`\`${place}\` is empty`);
      return text;
  }
}

/** An origin as a browser writes it: a scheme, a host and, where it is not the scheme's own, a port. */
function readOrigin(text: string, place: string, problems: string[]): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && url.origin === text && /^https?:$/.test(url.protocol) && !text.includes('*')) return text;
  const meant =
    url !== null && url.origin !== 'null' && /^https?:$/.test(url.protocol) && !text.includes('*')
      ? `; did you mean \`${url.origin}\``
      : '';
  problems.push(`\`${place}\` must be origins like \`https://a.example\` or \`http://localhost:3000\`, not \`${text}\`${meant}`);
  return text;
}
