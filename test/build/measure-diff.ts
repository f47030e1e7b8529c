import { diff } from '../../compiler/diff/diff.ts';
import { type Side, sideOfSet } from '../../compiler/diff/side.ts';
import { loadCandidate } from '../../compiler/trial/load-candidate.ts';
import { understand } from '../../compiler/understand.ts';
import { writeLargePolicy } from './large-policy.ts';

// Run alone in a process: what reading and comparing two policies of 1,000 policies × 64 targets costs after start-up, as one JSON line.
await import('../../compiler/emit/typescript.ts');
const old = writeLargePolicy(1_000, 64);
const edits: Readonly<Record<string, string>> = {
  line: old.replace('team: team-2 }\n    privacy: unrestricted', 'team: team-2 }\n    privacy: restricted'),
  tiers: old.replaceAll('min_tier: 2', 'min_tier: 3'),
};
const now = edits[process.argv[2] ?? 'line'];
if (now === undefined || now === old) throw new Error('the edit changes nothing');
const before = process.cpuUsage();
const started = performance.now();
const sideOf = async (label: string, text: string): Promise<Side> => {
  const { set } = understand([{ file: 'policies/large.yaml', text }]);
  return sideOfSet(label, set!, (await loadCandidate(set!)).router);
};
const found = diff(await sideOf('old', old), await sideOf('now', now));
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    wall: performance.now() - started,
    cpu: (user + system) / 1000,
    classes: found.classes.length,
    kinds: found.kinds,
    sampled: found.sampled,
  }),
);
