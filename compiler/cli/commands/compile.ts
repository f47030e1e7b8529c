import { relative, resolve } from 'node:path';
import type { Artifact } from '../../build.ts';
import { findStale, writeArtifact } from '../artifact-files.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { paintFor } from '../formats/paint.ts';
import { tellInvariants } from '../formats/tell-invariants.ts';
import { readArguments } from '../read-arguments.ts';
import { compileFolder } from '../read-policy.ts';

const USAGE = `usage: policyc compile [dir] [options]

Compiles a policy folder (./policies where none is named) into a router: \`router.ts\` for people, \`router.js\` to load, \`manifest.json\`.
The router is compared with the interpreter before it is written; the same policy always gives the same bytes.

  --out DIR   where the files go (generated)
  --check     write nothing; exit code 1 when what is there is not what would be written

exit codes: 0 written, 1 errors in the policy or stale files, 2 usage or nothing to compile, 3 internal error`;

export const command: Command = {
  name: 'compile',
  summary: 'write the router of a policy',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('compile', args, { out: { type: 'string' }, check: { type: 'boolean' } });
    if (given.paths.length > 1) throw new UsageError('`policyc compile` takes one folder', 'name the folder that holds all policy files');
    const out = resolve(io.cwd, given.text('out') ?? 'generated');
    const started = performance.now();
    const { artifact } = await compileFolder(given.paths[0] ?? 'policies', io);
    if (artifact === null) {
      io.stderr.write('not compiled: the policy has errors\n');
      return EXIT.FINDINGS;
    }
    if (given.has('check')) return await check(out, artifact, io);
    await writeArtifact(out, artifact);
    io.stdout.write(`${summarize(artifact, relative(io.cwd, out) || '.', performance.now() - started, io)}\n`);
    return EXIT.CLEAN;
  },
};

async function check(out: string, artifact: Artifact, io: Io): Promise<number> {
  const stale = await findStale(out, artifact);
  const folder = relative(io.cwd, out) || '.';
  if (stale.length === 0) {
    io.stdout.write(`${folder} is what the policy compiles to\n`);
    return EXIT.CLEAN;
  }
  io.stderr.write(
    `error: stale in \`${folder}\`: ${stale.map((name) => `\`${name}\``).join(', ')} [stale]\n  help: run \`policyc compile\` and commit the result\n`,
  );
  return EXIT.FINDINGS;
}

function summarize({ manifest }: Artifact, folder: string, ms: number, io: Io): string {
  const paint = paintFor(io);
  const { plan, proof, hash } = manifest;
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    `${paint.green('compiled')} ${plan.targets} targets, ${plan.policies} policies, ${plan.names} names into ${folder}/ in ${Math.round(ms)} ms`,
    `router ${hash.slice(0, 12)}: ${plan.route.statements} statements, ${plan.route.branches} branches`,
    `proven equal to the interpreter: ${number(proof.compared)} of ${number(proof.cells)} cells, ${number(proof.decisions)} decisions, ${number(proof.placements ?? 0)} placements`,
    ...(proof.invariants.length === 0 ? [] : [tellInvariants(proof.invariants)]),
    ...proof.sampled.map((line) => `  sampled: ${line}`),
  ].join('\n');
}
