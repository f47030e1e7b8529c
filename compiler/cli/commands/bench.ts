import { basename } from 'node:path';
import { benchPolicy } from '../../bench/bench-policy.ts';
import { benchRatios } from '../../bench/bench-ratios.ts';
import { benchRivals } from '../../bench/bench-rivals.ts';
import { loadSet } from '../../bench/load-policy.ts';
import type { Ratio } from '../../bench/ratio.ts';
import { describeMachine, RATIO_NOTES, rivalNotes, tabulatePolicy, tabulateRatios } from '../../bench/report.ts';
import { formatText } from '../../bench/table.ts';
import { understand } from '../../understand.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { readArguments } from '../read-arguments.ts';
import { readPolicyFolder } from '../read-policy.ts';

const LEAST_ROUNDS = 7;
const MOST_ROUNDS = 1000;

const USAGE = `usage: policyc bench [dir] [options]

Measures the decisions of a policy folder (./policies where none is named) against their budget of 1 ms, then, on policies made for it,
the router against a lower bound written by hand, ten policies against a thousand, and names against one look-up in a \`Map\`.
Ratios are of timings in one run; times are those of this machine.

  --runs N        rounds of measurement, ${LEAST_ROUNDS} to ${MOST_ROUNDS} (11)
  --rivals        the same policy in other engines as well, as far as they are installed
  --assert        exit code 1 when a ratio misses its bound
  --format F      pretty or json (pretty)

exit codes: 0 measured, 1 errors in the policy or, with --assert, a bound missed, 2 usage or no policy, 3 internal error`;

export const command: Command = {
  name: 'bench',
  summary: 'measure how long decisions take',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('bench', args, {
      runs: { type: 'string' },
      rivals: { type: 'boolean' },
      assert: { type: 'boolean' },
      format: { type: 'string', values: ['pretty', 'json'] },
    });
    if (given.paths.length > 1) throw new UsageError('`policyc bench` takes one folder', 'name the folder that holds all policy files');
    const rounds = readRounds(given.text('runs'));
    const folder = given.paths[0] ?? 'policies';
    const { set, diagnostics } = understand(await readPolicyFolder(folder, io));
    if (set === null) {
      const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
      io.stderr.write(`not measured: the policy has ${errors} errors\n  help: run \`policyc check ${folder}\`\n`);
      return EXIT.FINDINGS;
    }
    const figures = await benchPolicy(await loadSet(set), rounds);
    const ratios = await benchRatios(rounds);
    const rivals = given.has('rivals') ? await benchRivals(rounds) : null;
    const all: readonly Ratio[] = [...ratios, ...(rivals?.ratios ?? [])];
    const machine = describeMachine();
    if (given.text('format') === 'json') {
      io.stdout.write(
        `${JSON.stringify({ policy: figures, ratios: all.map(toJson), missing: rivals?.missing ?? [], machine }, null, 1)}\n`,
      );
    } else {
      io.stdout.write(`${formatText(tabulatePolicy(basename(folder), figures))}\n`);
      io.stdout.write(`${formatText(tabulateRatios('ratios', ratios, RATIO_NOTES))}\n`);
      if (rivals) io.stdout.write(`${formatText(tabulateRatios('other engines', rivals.ratios, rivalNotes(rivals.missing)))}\n`);
      io.stdout.write(`${machine}; ${rounds} rounds\n`);
    }
    const missed = all.filter(({ holds }) => !holds);
    if (!given.has('assert') || missed.length === 0) return EXIT.CLEAN;
    for (const { what, value } of missed) io.stderr.write(`error: \`${what}\` is ${value.toFixed(2)}, outside its bound\n`);
    io.stderr.write('  help: run it again on a quiet machine; if it stays, profile `route` with `node --cpu-prof`\n');
    return EXIT.FINDINGS;
  },
};

function readRounds(text: string | null): number {
  if (text === null) return 11;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= LEAST_ROUNDS && rounds <= MOST_ROUNDS) return rounds;
  throw new UsageError(`\`--runs\` does not take \`${text}\``, `give a whole number from ${LEAST_ROUNDS} to ${MOST_ROUNDS}`);
}

const toJson = ({ what, one, other, value, bound, holds }: Ratio) => ({
  what,
  ratio: value,
  bound,
  holds,
  one: { name: one.name, nanoseconds: one.nanoseconds },
  other: { name: other.name, nanoseconds: other.nanoseconds },
});
