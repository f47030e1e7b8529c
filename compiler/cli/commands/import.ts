import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { maskSecrets } from '../../diagnostics/mask-secrets.ts';
import { type Imported, importLitellm } from '../../import/import-litellm.ts';
import { type Source, understand } from '../../understand.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { formatImport, formatImportJson, summarizeImport } from '../formats/format-import.ts';
import { formatPretty } from '../formats/format-pretty.ts';
import { paintFor } from '../formats/paint.ts';
import { formatYaml } from '../format-yaml.ts';
import { type Arguments, readArguments } from '../read-arguments.ts';
import { readSources } from '../sources.ts';
import { writeAllFiles } from '../write-all-files.ts';

const USAGE = `usage: policyc import litellm config.yaml [options]

Writes a policy from the configuration of a LiteLLM proxy (\`-\` reads it from standard input), and says of every key whether it was
carried over, changed, or left out, why, and what to do. No key in the open is copied: the policy names variables instead.

  --out DIR              where the files are written (policies)
  --stdout               print the policy as one file and write nothing; the report goes to standard error
  --force                write into a folder that holds a policy, over files of the same name
  --format pretty|json   how the report is printed

exit codes: 0 imported, 1 the file cannot be read or nothing in it can be carried over, 2 usage or a policy that is already there,
3 internal error`;

const FLAGS = {
  out: { type: 'string' },
  stdout: { type: 'boolean' },
  force: { type: 'boolean' },
  format: { type: 'string', values: ['pretty', 'json'] },
} as const;

const SEE_HELP = 'write `policyc import litellm config.yaml`';

export const command: Command = {
  name: 'import',
  summary: 'write a policy from a LiteLLM configuration',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('import', args, FLAGS);
    const source = await readInput(given, io);
    const imported = importLitellm(source);
    const files = imported.files.map(({ file, text }) => ({ file, text: formatYaml(text) }));
    const { diagnostics } = understand(files);
    if (diagnostics.some(({ severity }) => severity === 'error')) {
      throw new Error(
        `the import wrote a policy with errors:\n${diagnostics.map(({ rule, message }) => `[${rule}] ${message}`).join('\n')}`,
      );
    }
    const folder = given.text('out') ?? 'policies';
    if (files.length > 0 && !given.has('stdout')) await writeFiles(folder, files, given.has('force'), io);
    report(imported, source, given, io);
    if (files.length === 0) {
      io.stderr.write(`nothing in ${source.file} can be carried over; nothing was written\n`);
      return EXIT.FINDINGS;
    }
    if (given.has('stdout')) io.stdout.write(files.map(({ text }) => text).join('\n'));
    else for (const { file } of files) io.stderr.write(`${join(folder, file)}\n`);
    const warnings = diagnostics.length === 0 ? '' : ` (${diagnostics.length === 1 ? '1 warning' : `${diagnostics.length} warnings`})`;
    const next = given.has('stdout') ? '' : `; next: \`policyc check ${folder}\`${warnings}`;
    io.stderr.write(`imported ${source.file}: ${summarizeImport(imported.notes)}${next}\n`);
    return EXIT.CLEAN;
  },
};

async function readInput(given: Arguments, io: Io): Promise<Source> {
  const [format, path, ...others] = given.paths;
  if (format === undefined) throw new UsageError('`policyc import` needs to know what is imported', SEE_HELP);
  if (format !== 'litellm') throw new UsageError(`there is no import of \`${format}\``, SEE_HELP);
  if (path === undefined || others.length > 0) throw new UsageError('`policyc import litellm` takes one file', SEE_HELP);
  if (given.has('stdout') && (given.text('out') !== null || given.has('force'))) {
    throw new UsageError('`--stdout` writes no files', 'leave out `--out` and `--force`, or `--stdout`');
  }
  const sources = await readSources([path], io);
  if (sources.length !== 1) throw new UsageError(`\`${path}\` is a folder`, SEE_HELP);
  return sources[0];
}

async function writeFiles(folder: string, files: readonly Source[], force: boolean, io: Io): Promise<void> {
  const path = resolve(io.cwd, folder);
  const refuse = (cause: NodeJS.ErrnoException): never => {
    throw new UsageError(`cannot write into \`${folder}\`: ${cause.code ?? cause.message}`, 'name another folder with `--out`');
  };
  const present = await readdir(path).catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? [] : refuse(cause)));
  const taken = present.filter((name) => /\.ya?ml$/.test(name));
  if (taken.length > 0 && !force) {
    throw new UsageError(
      `there is already a policy in \`${folder}\`: ${taken.map((name) => `\`${name}\``).join(', ')}`,
      'name another folder with `--out`, or pass `--force` to write over files of the same name',
    );
  }
  await writeAllFiles(
    path,
    files.map(({ file, text }) => ({ name: file, text })),
    force,
  ).catch(refuse);
}

function report(imported: Imported, source: Source, given: Arguments, io: Io): void {
  const out = given.has('stdout') ? io.stderr : io.stdout;
  if (given.text('format') === 'json') {
    out.write(formatImportJson(imported));
    return;
  }
  const paint = paintFor({ env: io.env, stdout: out });
  const diagnostics = imported.diagnostics.map((found) => ({
    ...found,
    message: maskSecrets(found.message),
    help: maskSecrets(found.help),
  }));
  // Without the text: a line of such a file may hold a key that does not look like one.
  out.write(formatPretty({ diagnostics, sources: [] }, paint));
  out.write(formatImport(imported.notes, source.file, paint));
}
