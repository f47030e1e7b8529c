import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PolicySet } from '../../../schema/policy-set.ts';
import { didYouMean } from '../../diagnostics/suggest.ts';
import { drawFrontiers } from '../../frontier/draw-frontier.ts';
import { type Frontier, findFrontier, listFrontiers } from '../../frontier/find-frontier.ts';
import { understand } from '../../understand.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { formatFrontiers } from '../formats/format-frontier.ts';
import { formatPretty } from '../formats/format-pretty.ts';
import { paintFor } from '../formats/paint.ts';
import { type Arguments, readArguments } from '../read-arguments.ts';
import { readPolicyFolder } from '../read-policy.ts';

const USAGE = `usage: policyc frontier [dir] [options]

Cost of the reference request against declared quality, for every category and every class: which targets are on the frontier, which
are dominated and by whom, and where the category's floor and cap lie.

  --category NAME   this category alone
  --class NAME      the candidates of this class alone, by the category's reference request where both are given
  --format pretty|json|svg
  --out FILE        write there instead of to standard output

exit codes: 0 shown, 1 errors in the policy, 2 usage, 3 internal error`;

const FLAGS = {
  category: { type: 'string' },
  class: { type: 'string' },
  format: { type: 'string', values: ['pretty', 'json', 'svg'] },
  out: { type: 'string' },
} as const;

export const command: Command = {
  name: 'frontier',
  summary: 'cost against quality, by category and class',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('frontier', args, FLAGS);
    if (given.paths.length > 1) throw new UsageError('`policyc frontier` takes one folder', 'name the folder that holds all policy files');
    const sources = await readPolicyFolder(given.paths[0] ?? 'policies', io);
    const { set, diagnostics } = understand(sources);
    if (set === null) {
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      io.stderr.write(formatPretty({ diagnostics: errors, sources }, paintFor({ env: io.env, stdout: io.stderr })));
      return EXIT.FINDINGS;
    }
    const frontiers = ask(set, given);
    const out = given.text('out');
    const text = {
      pretty: () => formatFrontiers(frontiers, paintFor(out === null ? io : { env: { NO_COLOR: '1' }, stdout: io.stdout })),
      json: () => `${JSON.stringify({ frontiers: frontiers.map(toJson) }, null, 2)}\n`,
      svg: () => drawFrontiers(frontiers),
    }[(given.text('format') ?? 'pretty') as 'pretty' | 'json' | 'svg']();
    if (out === null) io.stdout.write(text);
    else {
      await writeFile(resolve(io.cwd, out), text).catch((cause: Error) => {
        throw new UsageError(`cannot write \`${out}\`: ${cause.message}`, 'name a file in a folder that exists');
      });
    }
    return EXIT.CLEAN;
  },
};

function ask(set: PolicySet, given: Arguments): Frontier[] {
  const [category, taskClass] = [given.text('category'), given.text('class')];
  if (category === null && taskClass === null) return listFrontiers(set);
  return [
    findFrontier(set, {
      category: category === null ? null : rowOf('category', category, set.categories),
      class: taskClass === null ? null : rowOf('class', taskClass, set.classes),
    }),
  ];
}

function rowOf(what: string, name: string, rows: readonly { readonly name: string; readonly implicit: boolean }[]): number {
  const row = rows.findIndex((known) => !known.implicit && known.name === name);
  if (row >= 0) return row;
  const names = rows.filter(({ implicit }) => !implicit).map((known) => known.name);
  throw new UsageError(`the policy has no ${what} \`${name}\``, didYouMean(name, names, 'run `policyc frontier` for all of them'));
}

/** Money in USD, qualities from 0 to 1. */
const toJson = ({ floor, cap, points, unpriced, ...rest }: Frontier) => ({
  ...rest,
  min_quality: floor === null ? null : floor / 1e6,
  max_cost_usd: cap === null ? null : cap / 1e12,
  points: points.map(({ target, cost, quality, dominatedBy, lastResort, meetsFloor, fitsCap }) => ({
    target,
    cost_usd: cost / 1e12,
    quality: quality / 1e6,
    dominated_by: dominatedBy,
    last_resort: lastResort,
    meets_floor: meetsFloor,
    fits_cap: fitsCap,
  })),
  unpriced,
});
