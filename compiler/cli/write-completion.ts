import type { Command } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Word {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
}

interface Flag {
  readonly name: string;
  /** Values it takes, where the usage lists them. */
  readonly values: readonly string[];
}

/** The script that makes a shell complete commands, flags and listed values, from what the commands say of themselves. */
export function writeCompletion(shell: Shell, commands: readonly Pick<Command, 'name' | 'summary' | 'usage'>[]): string {
  const words = commands.map(({ name, summary, usage }): Word => ({ name, summary, flags: flagsOf(usage) }));
  const writers: Record<Shell, (words: readonly Word[]) => string> = { bash: writeBash, zsh: writeZsh, fish: writeFish };
  return writers[shell](words);
}

/** The flags that a usage text names, with `--format pretty|json` as values. */
function flagsOf(usage: string): Flag[] {
  const flags = new Map<string, readonly string[]>([['--help', []]]);
  for (const [, name, values] of usage.matchAll(/(?<![\w`-])(--[a-z][a-z-]*)(?: ([a-z-]+(?:\|[a-z-]+)+))?/g)) {
    if ((flags.get(name)?.length ?? 0) === 0) flags.set(name, values?.split('|') ?? []);
  }
  return [...flags].map(([name, values]) => ({ name, values }));
}

function writeBash(words: readonly Word[]): string {
  const flags = words.map(({ name, flags }) => `    ${name}) flags='${flags.map((flag) => flag.name).join(' ')}' ;;`);
  const values = words.flatMap(({ name, flags }) =>
    flags.filter((flag) => flag.values.length > 0).map((flag) => `    '${name} ${flag.name}') values='${flag.values.join(' ')}' ;;`),
  );
  return `# bash completion for policyc
_policyc() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" flags='' values=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${words.map(({ name }) => name).join(' ')} help --help --version' -- "$word"))
    return
  fi
  case "$command $before" in
${values.join('\n')}
  esac
  if [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$word"))
    return
  fi
  case "$command" in
    completion) [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W '${SHELLS.join(' ')}' -- "$word")) && return ;;
${flags.join('\n')}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _policyc policyc
`;
}

function writeZsh(words: readonly Word[]): string {
  const quoted = (text: string): string =>
    text.replaceAll("'", "'\\''").replaceAll(':', '\\:').replaceAll('[', '\\[').replaceAll(']', '\\]');
  const commands = words.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = words.map(({ name, flags }) => {
    const specs = flags.map((flag) => `'${flag.name}${flag.values.length > 0 ? `:value:(${flag.values.join(' ')})` : ''}'`);
    const rest = name === 'completion' ? `'1:shell:(${SHELLS.join(' ')})'` : "'*:file:_files'";
    return `    ${name}) _arguments ${specs.join(' ')} ${rest} ;;`;
  });
  return `#compdef policyc
_policyc() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _policyc policyc
`;
}

function writeFish(words: readonly Word[]): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = words.flatMap(({ name, summary, flags }) => [
    `complete -c policyc -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
    ...flags.map((flag) => {
      const values = flag.values.length > 0 ? ` -x -a ${quote(flag.values.join(' '))}` : '';
      return `complete -c policyc -n '__fish_seen_subcommand_from ${name}' -l ${flag.name.slice(2)}${values}`;
    }),
  ]);
  const shells = `complete -c policyc -n '__fish_seen_subcommand_from completion' -f -a '${SHELLS.join(' ')}'`;
  return `# fish completion for policyc\n${lines.join('\n')}\n${shells}\n`;
}
