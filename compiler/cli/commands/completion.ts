import { COMMANDS } from '../main.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { readArguments } from '../read-arguments.ts';
import { SHELLS, type Shell, writeCompletion } from '../write-completion.ts';

const USAGE = `usage: policyc completion bash|zsh|fish

Prints what makes a shell complete the commands and flags of policyc.

  bash   add to ~/.bashrc:   source <(policyc completion bash)
  zsh    add to ~/.zshrc:    source <(policyc completion zsh)      after compinit
  fish   run once:           policyc completion fish > ~/.config/fish/completions/policyc.fish`;

export const command: Command = {
  name: 'completion',
  summary: 'completion for a shell',
  usage: USAGE,
  async run(args, io) {
    const { paths } = readArguments('completion', args, {});
    const shell = SHELLS.find((name) => name === paths[0]) as Shell | undefined;
    if (shell === undefined || paths.length > 1) throw new UsageError('which shell?', 'run `policyc completion bash`, `zsh` or `fish`');
    const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
    io.stdout.write(
      writeCompletion(
        shell,
        commands.map(({ command: listed }) => listed),
      ),
    );
    return EXIT.CLEAN;
  },
};
