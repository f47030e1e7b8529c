import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkManifest, KeyError, makeKeys, readPrivateKey, readPublicKeys, signManifest } from '../../sign/signature.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { paintFor } from '../formats/paint.ts';
import { type Arguments, readArguments } from '../read-arguments.ts';
import { readArtifactFiles } from '../read-side.ts';

const USAGE = `usage: policyc sign [dir] --key FILE
       policyc sign --new-key FILE
       policyc sign [dir] --verify --trust FILE

Signs a compiled artifact (./generated): writes \`manifest.sig\` beside the manifest, which names the router by its hash. A policyd that is
started with --trust serves only what one of its keys has signed.

  --key FILE        the private key, \`-\` for standard input
  --new-key FILE    makes a pair of keys: the private one in FILE, readable by you alone, the public one in FILE.pub
  --verify          checks the signature and writes nothing
  --trust FILE      public keys, one after another, of which one must have signed

exit codes: 0 signed, or the signature holds; 1 it does not; 2 usage, no artifact or no key; 3 internal error`;

export const command: Command = {
  name: 'sign',
  summary: 'sign an artifact, or check its signature',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('sign', args, {
      key: { type: 'string' },
      'new-key': { type: 'string' },
      verify: { type: 'boolean' },
      trust: { type: 'string' },
    });
    if (given.paths.length > 1) throw new UsageError('`policyc sign` takes one folder', 'name the folder that `policyc compile` wrote');
    const asked = [given.has('key'), given.has('new-key'), given.has('verify')].filter((yes) => yes).length;
    if (asked !== 1) throw new UsageError('say what to do', 'pass one of `--key FILE`, `--new-key FILE` and `--verify --trust FILE`');
    if (given.has('trust') !== given.has('verify'))
      throw new UsageError('`--verify` and `--trust` go together', 'pass both: `--verify --trust keys.pub`');
    if (given.has('new-key')) return await newKey(given, io);
    const folder = given.paths[0] ?? 'generated';
    return given.has('verify') ? await check(folder, given.text('trust')!, io) : await sign(folder, given.text('key')!, io);
  },
};

async function newKey(given: Arguments, io: Io): Promise<number> {
  if (given.paths.length > 0) throw new UsageError('`--new-key` takes no folder', 'make the key first, then sign with it');
  const file = given.text('new-key')!;
  const path = resolve(io.cwd, file);
  const { privateKey, publicKey, id } = makeKeys();
  // A key that is there may be the one that all servers trust.
  await create(path, privateKey, 0o600, file);
  try {
    await create(`${path}.pub`, publicKey, 0o644, `${file}.pub`);
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  }
  io.stdout.write(`${id}\n`);
  io.stderr.write(`made key ${id}: sign with \`${file}\`, which is a secret, and start policyd with \`--trust ${file}.pub\`\n`);
  return EXIT.CLEAN;
}

async function create(path: string, text: string, mode: number, named: string): Promise<void> {
  await writeFile(path, text, { mode, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') throw new UsageError(`\`${named}\` is there already`, 'choose another name; keys are never written over');
    throw new UsageError(`cannot write \`${named}\`: ${cause.code}`, 'name a file in a folder that is there');
  });
  // The mode of a new file is lowered by the umask, never raised; this one must be what it is.
  await chmod(path, mode);
}

async function sign(folder: string, file: string, io: Io): Promise<number> {
  const path = resolve(io.cwd, folder);
  const key = asKey(file, await readKeyText(file, io), readPrivateKey);
  // What was looked at is what is signed: the folder may change meanwhile.
  const { manifest, text } = await readArtifactFiles(folder, path);
  const signature = signManifest(text, key);
  const target = join(path, 'manifest.sig');
  const fresh = `${target}.${process.pid}.tmp`;
  try {
    await writeFile(fresh, signature);
    await rename(fresh, target);
  } catch (cause) {
    await rm(fresh, { force: true });
    throw new UsageError(`cannot write in \`${folder}\`: ${(cause as NodeJS.ErrnoException).code}`, 'name a folder that you may write to');
  }
  const { key: id } = JSON.parse(signature) as { key: string };
  io.stdout.write(`${paintFor(io).green('signed')} ${folder}/ (router ${manifest.hash.slice(0, 12)}) with key ${id}\n`);
  return EXIT.CLEAN;
}

async function check(folder: string, trust: string, io: Io): Promise<number> {
  const path = resolve(io.cwd, folder);
  const keys = asKey(trust, await readText(trust, io), readPublicKeys);
  const { manifest, text } = await readArtifactFiles(folder, path);
  const signature = await readFile(join(path, 'manifest.sig'), 'utf8').catch(() => null);
  const checked = signature === null ? { fault: 'it is not signed' } : checkManifest(text, signature, keys);
  if ('key' in checked) {
    io.stdout.write(`${folder}/ (router ${manifest.hash.slice(0, 12)}) is signed with key ${checked.key}\n`);
    return EXIT.CLEAN;
  }
  io.stderr.write(
    `error: \`${folder}\` is not to be trusted: ${checked.fault} [signature]\n  help: sign it again with \`policyc sign ${folder} --key FILE\`\n`,
  );
  return EXIT.FINDINGS;
}

/** The text of a private key; a file that others may read is none any more. */
async function readKeyText(file: string, io: Io): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString('utf8');
  }
  const info = await stat(resolve(io.cwd, file)).catch(() => null);
  if (info !== null && process.platform !== 'win32' && (info.mode & 0o077) !== 0)
    throw new UsageError(
      `\`${file}\` may be read by others`,
      `keep it to yourself: \`chmod 600 ${file}\`, or hand it over with \`--key -\``,
    );
  return await readText(file, io);
}

const readText = (file: string, io: Io): Promise<string> =>
  readFile(resolve(io.cwd, file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.code;
    throw new UsageError(`cannot read \`${file}\`: ${why}`, '`policyc sign --new-key FILE` makes a pair of keys');
  });

function asKey<Key>(file: string, text: string, read: (text: string) => Key): Key {
  try {
    return read(text);
  } catch (cause) {
    if (cause instanceof KeyError)
      throw new UsageError(`\`${file}\` ${cause.message}`, '`policyc sign --new-key FILE` makes a pair of ed25519 keys in PEM');
    throw cause;
  }
}
