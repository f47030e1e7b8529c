import { createHash, randomBytes } from 'node:crypto';
import { type Command, EXIT, UsageError } from '../command.ts';
import { readArguments } from '../read-arguments.ts';

const USAGE = `usage: policyc keys new [--name NAME] [--team TEAM]

Makes a key for a caller. The key goes to standard output, this once; what belongs into the policy, with the hash alone,
goes to standard error.

  --name NAME   name of the caller (caller)
  --team TEAM   team of the caller

exit codes: 0 made, 2 usage, 3 internal error`;

export const command: Command = {
  name: 'keys',
  summary: 'make a key for a caller',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('keys', args, { name: { type: 'string' }, team: { type: 'string' } });
    const [what, ...rest] = given.paths;
    if (what !== 'new' || rest.length > 0) {
      throw new UsageError(
        what === undefined ? '`policyc keys` needs to know what to do' : `\`policyc keys\` does not know \`${[what, ...rest].join(' ')}\``,
        'run `policyc keys new`',
      );
    }
    const name = given.text('name') ?? 'caller';
    const team = given.text('team');
    for (const [flag, value] of [
      ['--name', name],
      ['--team', team ?? 'team'],
    ] as const) {
      if (!/^[A-Za-z][A-Za-z0-9_.-]{0,255}$/.test(value)) {
        throw new UsageError(`\`${flag}\` does not take \`${value}\``, 'use a letter, then letters, digits, `-`, `_` and `.`');
      }
    }
    const key = `pk-${randomBytes(32).toString('base64url')}`;
    const sha256 = createHash('sha256').update(key).digest('hex');
    io.stdout.write(`${key}\n`);
    io.stderr.write(
      `\nthe key above is shown this once: hand it to the caller, it cannot be recovered\n` +
        `add its hash to your policy, for example in policies/keys.yaml:\n\n` +
        `keys:\n  ${name}: { sha256: "${sha256}"${team === null ? '' : `, team: ${team}`}, scopes: [llm:invoke] }\n`,
    );
    return EXIT.CLEAN;
  },
};
