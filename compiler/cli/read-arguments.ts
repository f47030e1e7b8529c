import { parseArgs } from 'node:util';
import { didYouMean } from '../diagnostics/suggest.ts';
import { UsageError } from './command.ts';

export interface Flag {
  readonly type: 'string' | 'boolean';
  /** Values that it takes; any where absent. */
  readonly values?: readonly string[];
}

export interface Arguments {
  readonly paths: readonly string[];
  /** The value of a flag, null where it was not given. */
  text(flag: string): string | null;
  has(flag: string): boolean;
}

/** Reads the arguments of a command; throws `UsageError`, with a suggestion, for a flag or a value that it does not take. */
export function readArguments(command: string, args: readonly string[], flags: Readonly<Record<string, Flag>>): Arguments {
  const seeHelp = `run \`policyc ${command} --help\``;
  // Lenient, and judged below: the messages of `parseArgs` name neither the remedy nor a suggestion.
  const { tokens } = parseArgs({ args: [...args], options: { ...flags }, allowPositionals: true, strict: false, tokens: true });
  const texts = new Map<string, string>();
  const paths: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') paths.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) {
      const names = Object.keys(flags).map((name) => `--${name}`);
      throw new UsageError(`\`policyc ${command}\` has no flag \`${token.rawName}\``, didYouMean(token.rawName, names, seeHelp));
    }
    if (flag.type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`\`${token.rawName}\` takes no value`, `write \`${token.rawName}\` alone`);
      texts.set(token.name, 'true');
      continue;
    }
    const value = token.value;
    // `--format --fail-on` has forgotten the value of the first.
    if (value === undefined || value === '' || (!token.inlineValue && value.startsWith('--'))) {
      throw new UsageError(`\`${token.rawName}\` needs a value`, flag.values ? `use one of ${listOf(flag.values)}` : seeHelp);
    }
    if (flag.values && !flag.values.includes(value)) {
      throw new UsageError(
        `\`${token.rawName}\` does not take \`${value}\``,
        didYouMean(value, flag.values, `use one of ${listOf(flag.values)}`),
      );
    }
    texts.set(token.name, value);
  }
  return { paths, text: (flag) => texts.get(flag) ?? null, has: (flag) => texts.has(flag) };
}

function listOf(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}
