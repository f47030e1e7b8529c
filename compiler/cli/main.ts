import { didYouMean } from '../diagnostics/suggest.ts';
import { type Command, EXIT, type Io, UsageError } from './command.ts';

/** By name, each imported only when it is asked for. */
export const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  bench: () => import('./commands/bench.ts'),
  check: () => import('./commands/check.ts'),
  compile: () => import('./commands/compile.ts'),
  completion: () => import('./commands/completion.ts'),
  diff: () => import('./commands/diff.ts'),
  explain: () => import('./commands/explain.ts'),
  fmt: () => import('./commands/fmt.ts'),
  frontier: () => import('./commands/frontier.ts'),
  import: () => import('./commands/import.ts'),
  init: () => import('./commands/init.ts'),
  keys: () => import('./commands/keys.ts'),
  replay: () => import('./commands/replay.ts'),
  sign: () => import('./commands/sign.ts'),
  test: () => import('./commands/test.ts'),
  prices: () => import('./commands/prices.ts'),
  watch: () => import('./commands/watch.ts'),
};

/** Runs `policyc` with the arguments behind its name; resolves to the exit code and never throws. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined) throw new UsageError('no command given', 'run `policyc --help` for the list of commands');
    if (name === '--help' || name === '-h' || name === 'help') return await printHelp(rest[0], io);
    if (name === '--version' || name === '-v') return await printVersion(io);
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : null;
    if (load === null) throw unknownCommand(name);
    const { command } = await load();
    if (rest.includes('--help') || rest.includes('-h')) {
      io.stdout.write(`${command.usage}\n`);
      return EXIT.CLEAN;
    }
    return await command.run(rest, io);
  } catch (cause) {
    if (cause instanceof UsageError) {
      io.stderr.write(`error: ${cause.message}\nhelp: ${cause.help}\n`);
      return EXIT.USAGE;
    }
    io.stderr.write(`internal error: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
    io.stderr.write('help: this is a fault of policyc, not of the policy; please report it with the text above\n');
    return EXIT.INTERNAL;
  }
}

function unknownCommand(name: string): UsageError {
  return new UsageError(
    `there is no command \`${name}\``,
    didYouMean(name, Object.keys(COMMANDS), 'run `policyc --help` for the list of commands'),
  );
}

async function printHelp(name: string | undefined, io: Io): Promise<number> {
  if (name !== undefined) {
    if (!Object.hasOwn(COMMANDS, name)) throw unknownCommand(name);
    io.stdout.write(`${(await COMMANDS[name]()).command.usage}\n`);
    return EXIT.CLEAN;
  }
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const width = Math.max(...commands.map(({ command }) => command.name.length));
  const lines = commands.map(({ command }) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  io.stdout.write(`usage: policyc <command> [options]\n\n${lines.join('\n')}\n\n\`policyc <command> --help\` tells more.\n`);
  return EXIT.CLEAN;
}

async function printVersion(io: Io): Promise<number> {
  const { VERSION } = await import('../version.ts');
  io.stdout.write(`policyc ${VERSION}\n`);
  return EXIT.CLEAN;
}
