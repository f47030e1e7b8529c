import { diff, type PolicyDiff } from '../../diff/diff.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { formatDiff } from '../formats/format-diff.ts';
import { formatDiffJson } from '../formats/format-diff-json.ts';
import { formatDiffMarkdown } from '../formats/format-diff-markdown.ts';
import { paintFor } from '../formats/paint.ts';
import { type Arguments, readArguments } from '../read-arguments.ts';
import { readRecorded } from '../read-log.ts';
import { BrokenPolicy, readGitSide, readSide } from '../read-side.ts';

const USAGE = `usage: policyc diff OLD NEW [options]
       policyc diff --against REF [dir] [options]

Which requests two policies decide differently: in classes, loosened apart from tightened, each with a request that shows it, written as a
test that the new policy passes. OLD and NEW are policy folders, artifact folders, or commits of git (\`main\`, \`v1.2:policies\`).

  --against REF           the policy folder (./policies) against the same folder in a commit
  --replay FILE           a decision log: how many of the recorded requests each class has
  --format pretty|json|markdown
                          markdown is for the comment of a pull request

exit codes: 0 no difference, 2 differences, 1 everything else`;

/** `diff` has exit codes of its own, as diff(1) has: a difference is no error. */
const DIFFERENT = 2;

const FORMATS = ['pretty', 'json', 'markdown'] as const;

export const command: Command = {
  name: 'diff',
  summary: 'which requests two policies decide differently',
  usage: USAGE,
  async run(args, io) {
    try {
      const given = readArguments('diff', args, {
        against: { type: 'string' },
        replay: { type: 'string' },
        format: { type: 'string', values: FORMATS },
      });
      const found = await compare(given, io);
      const format = (given.text('format') ?? 'pretty') as (typeof FORMATS)[number];
      const writers: Record<(typeof FORMATS)[number], () => string> = {
        pretty: () => formatDiff(found, paintFor(io)),
        json: () => formatDiffJson(found),
        markdown: () => formatDiffMarkdown(found),
      };
      io.stdout.write(writers[format]());
      const { classes, settings, renames } = found;
      const renamed = renames.backends.size + renames.targets.size + renames.policies.size;
      return classes.length + settings.length + renamed === 0 ? EXIT.CLEAN : DIFFERENT;
    } catch (cause) {
      if (cause instanceof UsageError) io.stderr.write(`error: ${cause.message}\nhelp: ${cause.help}\n`);
      else if (cause instanceof BrokenPolicy) io.stderr.write(`not compared: ${cause.message}\n`);
      else throw cause;
      return EXIT.FINDINGS;
    }
  },
};

async function compare(given: Arguments, io: Io): Promise<PolicyDiff> {
  const ref = given.text('against');
  const { paths } = given;
  if (ref === null && paths.length !== 2) {
    throw new UsageError('`policyc diff` compares two policies', 'name both, or one commit with `--against main`');
  }
  if (ref !== null && paths.length > 1) throw new UsageError('`--against` takes one folder', 'name the folder that holds all policy files');
  const folder = paths[0] ?? 'policies';
  const old = ref === null ? await readSide(paths[0], io) : await readGitSide(ref, folder, io);
  const now = await readSide(ref === null ? paths[1] : folder, io);
  const log = given.text('replay');
  return diff(old, now, log === null ? null : await readRecorded(log, io));
}
