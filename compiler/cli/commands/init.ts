import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, EXIT, UsageError } from '../command.ts';
import { readArguments } from '../read-arguments.ts';

/** What a first policy may be modelled on; `compiler/cli/templates/<name>/` holds its files. */
export const TEMPLATES = ['home', 'startup', 'regulated'] as const;

const USAGE = `usage: policyc init [dir] [--template home|startup|regulated]

Writes a commented starter policy with tests (into ./policies where no folder is named). Never overwrites a file.

  --template home        one person, one or two machines, a cloud model for the hard questions
  --template startup     a product with several cloud models behind it
  --template regulated   records that never leave the building

exit codes: 0 written, 2 usage or files that are already there, 3 internal error`;

const STARTER = fileURLToPath(new URL('../starter/', import.meta.url));
const TEMPLATE = fileURLToPath(new URL('../templates/', import.meta.url));
const SCHEMAS = fileURLToPath(new URL('../../../schema/', import.meta.url));

/** The starter's files, and the schema that an editor should read each with. */
const FILES: Readonly<Record<string, string>> = { 'policy.yaml': 'policy.schema.json', 'routing.test.yaml': 'tests.schema.json' };

export const command: Command = {
  name: 'init',
  summary: 'write a starter policy',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('init', args, { template: { type: 'string', values: TEMPLATES } });
    const template = given.text('template');
    const from = template === null ? STARTER : join(TEMPLATE, template);
    if (given.paths.length > 1) throw new UsageError('`policyc init` takes one folder', 'name one folder, or none for `policies`');
    const written = given.paths[0] ?? 'policies';
    const folder = resolve(io.cwd, written);
    const present = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return [];
      throw new UsageError(`cannot write into \`${written}\`: ${cause.code ?? 'it cannot be opened'}`, 'name a folder');
    });
    const taken = present.filter((name) => /\.ya?ml$/.test(name));
    if (taken.length > 0) {
      throw new UsageError(
        `there is already a policy in \`${written}\`: ${taken.map((name) => `\`${name}\``).join(', ')}`,
        'name another folder',
      );
    }
    await mkdir(folder, { recursive: true });
    for (const [file, schema] of Object.entries(FILES)) {
      const text = await readFile(join(from, file), 'utf8');
      // `wx`: what appeared since the look above is not overwritten either.
      await writeFile(join(folder, file), `${modelineFor(folder, schema, io.cwd)}${text}`, { flag: 'wx' });
      io.stdout.write(`${join(written, file)}\n`);
    }
    io.stderr.write(`a starter policy stands in ${written}; next: \`policyc check ${written}\` and \`policyc test ${written}\`\n`);
    return EXIT.CLEAN;
  },
};

/** The line that tells editors the schema; only where both stand under the working folder, so that no path of this machine is written. */
function modelineFor(folder: string, schema: string, cwd: string): string {
  const path = join(SCHEMAS, schema);
  const fromCwd = relative(cwd, path);
  if (fromCwd.startsWith('..') || isAbsolute(fromCwd) || relative(cwd, folder).startsWith('..')) return '';
  return `# yaml-language-server: $schema=${relative(folder, path).replaceAll('\\', '/')}\n#\n`;
}
