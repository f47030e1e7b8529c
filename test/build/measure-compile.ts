import { compile } from '../../compiler/compile.ts';
import { writeLargePolicy } from './large-policy.ts';

// Run alone in a process: what checking, compiling and proving 1,000 policies × 64 targets costs after start-up, with
// as many invariants as the first argument says, as one JSON line.
await import('../../compiler/emit/typescript.ts');
const text = writeLargePolicy(1_000, 64, Number(process.argv[2] ?? 20));
const before = process.cpuUsage();
const started = performance.now();
const { set, artifact, diagnostics } = await compile([{ file: 'policies/large.yaml', text }]);
const { user, system } = process.cpuUsage(before);
const wall = performance.now() - started;
if (artifact === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
console.log(
  JSON.stringify({
    wall,
    cpu: (user + system) / 1000,
    rss: process.resourceUsage().maxRSS * 1024,
    policies: set!.policies.length - 1,
    targets: set!.targets.length,
    proof: artifact.manifest.proof,
  }),
);
