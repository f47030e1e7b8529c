import { compile } from '../../compiler/compile.ts';
import { writeLargePolicy } from './large-policy.ts';

// Run alone in a process: what checking, compiling and proving 1,000 policies × 64 targets costs after start-up, as one JSON line.
await import('../../compiler/emit/typescript.ts');
const text = writeLargePolicy(1_000, 64);
const before = process.cpuUsage();
const started = performance.now();
const { set, artifact } = await compile([{ file: 'policies/large.yaml', text }]);
const { user, system } = process.cpuUsage(before);
const wall = performance.now() - started;
console.log(
  JSON.stringify({
    wall,
    cpu: (user + system) / 1000,
    rss: process.resourceUsage().maxRSS * 1024,
    policies: set!.policies.length - 1,
    targets: set!.targets.length,
    proof: artifact!.manifest.proof,
  }),
);
