import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { comparePrices } from '../compare-prices.ts';
import { formatPriceChanges, formatPrices } from '../formats/format-prices.ts';
import { paintFor } from '../formats/paint.ts';
import { listPrices } from '../list-prices.ts';
import { readArguments } from '../read-arguments.ts';

const USAGE = `usage: policyc prices [dir] [--format pretty|json]
       policyc prices diff OLD NEW [--format pretty|json]

Lists what every target costs, where that comes from, and what the price table does not know. Of a policy folder, an artifact
folder or a manifest. \`diff\` says what changed from one to the other.

exit codes: 0 listed, or nothing changed; 1 errors in the policy; 2 usage, or prices changed (\`diff\`); 3 internal error`;

/** `policyc prices diff` found a change. */
const CHANGED = 2;

export const command: Command = {
  name: 'prices',
  summary: 'what every target costs, and where that comes from',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('prices', args, { format: { type: 'string', values: ['pretty', 'json'] } });
    const json = given.text('format') === 'json';
    if (given.paths[0] === 'diff') return await runDiff(given.paths.slice(1), json, io);
    if (given.paths.length > 1)
      throw new UsageError('`policyc prices` takes one folder', 'to compare two, run `policyc prices diff OLD NEW`');
    const list = await listPrices(given.paths[0] ?? 'policies', io);
    if (list === null) return EXIT.FINDINGS;
    io.stdout.write(json ? `${JSON.stringify(list, null, 2)}\n` : formatPrices(list, paintFor(io)));
    return EXIT.CLEAN;
  },
};

async function runDiff(paths: readonly string[], json: boolean, io: Io): Promise<number> {
  const [older, newer] = paths;
  if (newer === undefined || paths.length > 2)
    throw new UsageError('`policyc prices diff` takes two folders', 'name the old policy or artifact, then the new one');
  const [before, after] = [await listPrices(older, io), await listPrices(newer, io)];
  if (before === null || after === null) return EXIT.FINDINGS;
  const changes = comparePrices(before, after);
  const tables = { old: before.table, new: after.table };
  io.stdout.write(json ? `${JSON.stringify({ tables, changes }, null, 2)}\n` : formatPriceChanges(changes, paintFor(io)));
  return changes.length === 0 ? EXIT.CLEAN : CHANGED;
}
