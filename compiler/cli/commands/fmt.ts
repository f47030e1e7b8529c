import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from '../../parse/parse.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { formatPretty } from '../formats/format-pretty.ts';
import { paintFor } from '../formats/paint.ts';
import { formatYaml } from '../format-yaml.ts';
import { readArguments } from '../read-arguments.ts';
import { readSources } from '../sources.ts';

const USAGE = `usage: policyc fmt [paths…] [--check]

Formats policy files in place (./policies where none is named; \`-\` reads standard input and writes standard output):
two spaces, one way to quote, no trailing blanks. Comments and the order of keys stay as they are.

  --check   change nothing; name the files that would change and exit with 1

exit codes: 0 formatted, 1 a file would change or cannot be read as YAML, 2 usage or nothing to format, 3 internal error`;

export const command: Command = {
  name: 'fmt',
  summary: 'format policy files, keeping comments',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('fmt', args, { check: { type: 'boolean' } });
    const paths = given.paths.length > 0 ? given.paths : ['policies'];
    const sources = [...(await readSources(paths, io)), ...(await readSources(paths.filter(isOnDisk), io, 'tests'))];
    const files = [...new Map(sources.map((source) => [source.file, source])).values()];
    if (files.length === 0) throw new UsageError(`no policy files in ${paths.join(', ')}`, 'name a folder with files that end in `.yaml`');
    const { diagnostics } = parse(files);
    const faulty = new Set(diagnostics.map(({ place }) => place.file));
    io.stderr.write(formatPretty({ diagnostics, sources: files }, paintFor({ env: io.env, stdout: io.stderr })));
    let changed = 0;
    for (const { file, text } of files) {
      if (faulty.has(file)) continue;
      const formatted = formatYaml(text);
      const differs = formatted !== text;
      if (differs) changed++;
      if (file === '<stdin>') {
        if (!given.has('check')) io.stdout.write(formatted);
      } else if (differs) {
        if (!given.has('check')) await replaceFile(resolve(io.cwd, file), formatted);
        io.stdout.write(`${file}\n`);
      }
    }
    const what = given.has('check') ? 'would change' : 'changed';
    io.stderr.write(`${changed} of ${files.length} ${files.length === 1 ? 'file' : 'files'} ${what}\n`);
    return faulty.size > 0 || (given.has('check') && changed > 0) ? EXIT.FINDINGS : EXIT.CLEAN;
  },
};

function isOnDisk(path: string): boolean {
  return path !== '-';
}

/** By rename, so that a reader never meets half a file. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const handle = await open(draft, 'wx', 0o644);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path).catch(async (cause) => {
    await rm(draft, { force: true });
    throw cause;
  });
}
