import { resolve } from 'node:path';
import { type Side, sideOfArtifact, sideOfSet } from '../../diff/side.ts';
import { loadRouter } from '../../prove/load-router.ts';
import { Replay, type ReplayReport } from '../../replay/replay.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { formatReplay } from '../formats/format-replay.ts';
import { paintFor } from '../formats/paint.ts';
import { readArguments } from '../read-arguments.ts';
import { eachLine } from '../read-log.ts';
import { compileFolder } from '../read-policy.ts';
import { readArtifactFiles } from '../read-side.ts';

const USAGE = `usage: policyc replay LOG [dir] [options]

Makes recorded decisions again. Those of the router that the policy folder (./policies) compiles to must come out exactly as recorded; those
of other routers are put to this policy, and what it would decide differently is told in classes. LOG is \`decisions.jsonl\` of policyd's data
folder, \`-\` for standard input.

  --artifact DIR          a compiled artifact: its own decisions are reproduced by it; without a folder it is the policy, too
  --exact                 decisions of any other router are an error
  --format pretty|json

exit codes: 0 all decisions come out the same, 1 some do not, or errors in the policy, 2 usage or no decisions, 3 internal error`;

export const command: Command = {
  name: 'replay',
  summary: 'recorded decisions against a policy',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('replay', args, {
      artifact: { type: 'string' },
      exact: { type: 'boolean' },
      format: { type: 'string', values: ['pretty', 'json'] },
    });
    const [log, folder, ...rest] = given.paths;
    if (log === undefined || rest.length > 0) {
      throw new UsageError(
        '`policyc replay` takes a log and a policy folder',
        'name the log, then the folder: `policyc replay decisions.jsonl policies`',
      );
    }
    const artifact = given.text('artifact');
    const recorded = artifact === null ? null : await readArtifact(artifact, io);
    const policy = recorded !== null && folder === undefined ? recorded : await readFolder(folder ?? 'policies', io);
    if (policy === null) return EXIT.FINDINGS;
    const replay = new Replay(policy, recorded === null ? [policy] : [policy, recorded]);
    await eachLine(log, io, (line, isCut) => replay.take(line, isCut));
    const report = replay.report();
    refuseNothing(log, report);
    if (given.has('exact')) refuseOthers(policy, report);
    io.stdout.write(given.text('format') === 'json' ? `${JSON.stringify(report, null, 2)}\n` : formatReplay(report, policy, paintFor(io)));
    return report.exact.different === 0 && report.other.classes.length === 0 ? EXIT.CLEAN : EXIT.FINDINGS;
  },
};

async function readArtifact(folder: string, io: Io): Promise<Side> {
  const { manifest, router } = await readArtifactFiles(folder, resolve(io.cwd, folder));
  return sideOfArtifact(folder, manifest, loadRouter(router));
}

/** Compiled whole, since the hash that decisions carry is that of the artifact. Null where it has errors, which were printed. */
async function readFolder(folder: string, io: Io): Promise<Side | null> {
  const { set, artifact } = await compileFolder(folder, io);
  if (set === null || artifact === null) {
    io.stderr.write('not replayed: the policy has errors\n');
    return null;
  }
  return sideOfSet(folder, set, loadRouter(artifact.files.get('router.js')!), artifact.manifest.hash);
}

/** A replay of nothing must not look like one in which all went well. */
function refuseNothing(log: string, { exact, other, lines, skipped }: ReplayReport): void {
  if (exact.decisions + other.decisions > 0) return;
  const why = Object.entries(skipped).flatMap(([reason, count]) => (count > 0 ? [`${count} of ${lines} lines: ${reason}`] : []));
  throw new UsageError(
    `\`${log}\` holds no decision that can be replayed${why.length > 0 ? ` (${why.join('; ')})` : ''}`,
    'name a decision log, whole from its first line on',
  );
}

function refuseOthers({ label, hash }: Side, { other }: ReplayReport): void {
  const [router] = Object.keys(other.routers);
  if (router === undefined) return;
  throw new UsageError(
    `${other.decisions} decisions are of router \`${router.slice(0, 12)}\`, and \`${label}\` compiles to \`${hash!.slice(0, 12)}\``,
    'check out the policy as it was, with the policyc of then, or name its artifact with `--artifact`',
  );
}
