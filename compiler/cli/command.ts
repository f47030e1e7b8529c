/** The world a command sees; a test passes its own. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** One command of `policyc`; `compiler/cli/commands/<name>.ts` exports it as `command`. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** `args` are those behind the command's name. Resolves to the exit code; throws `UsageError` for exit code 2. */
  run(args: string[], io: Io): Promise<number>;
}

export const EXIT = { CLEAN: 0, FINDINGS: 1, USAGE: 2, INTERNAL: 3 } as const;

/** The person at the terminal asked for something that cannot be: printed as `message` and `help:`, exit code 2. */
export class UsageError extends Error {
  readonly help: string;
  constructor(message: string, help: string) {
    super(message);
    this.name = 'UsageError';
    this.help = help;
  }
}
