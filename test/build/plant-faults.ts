import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CLAIMS, policyWith } from './invariant-claims.ts';
import { readCorpus } from './read-corpus.ts';

/** A fault: a file of the compiler, what stands there, and what is put in its place. */
export type Fault = readonly [name: string, file: string, right: string, wrong: string];

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const corpus = readCorpus();

/**
 * Plants each fault alone in a copy of the compiler, which then judges the corpus and the claims; gives the names of those that nothing
 * shows. Throws where a fault does not change the text.
 */
export async function plantFaults(faults: readonly Fault[]): Promise<string[]> {
  const survivors: string[] = [];
  for (const [name, file, right, wrong] of faults) {
    const folder = mkdtempSync(join(tmpdir(), 'policyc-fault-'));
    try {
      for (const part of ['compiler', 'schema', 'package.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const text = readFileSync(join(folder, file), 'utf8');
      if (text.split(right).length !== 2) throw new Error(`${name}: \`${right}\` stands ${text.split(right).length - 1} times in ${file}`);
      writeFileSync(
        join(folder, file),
        text.replace(right, () => wrong),
      );
      const { understand } = (await import(
        pathToFileURL(join(folder, 'compiler/understand.ts')).href
      )) as typeof import('../../compiler/understand.ts');
      if (!isSeen(understand)) survivors.push(name);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return survivors;
}

function isSeen(understand: typeof import('../../compiler/understand.ts')['understand']): boolean {
  try {
    const wrong = corpus.some(({ text, expected }) => {
      const { diagnostics } = understand([{ file: 'policy.yaml', text }]);
      return diagnostics.map(({ rule, place: { line, column } }) => `${rule} ${line}:${column}`).join() !== expected.join();
    });
    if (wrong) return true;
    const { invariants } = understand([{ file: 'policies/policy.yaml', text: policyWith(CLAIMS.map(([claim]) => claim)) }]);
    return CLAIMS.some(([, proven], at) => (invariants[at]?.outcome === 'proven') !== proven || invariants[at]?.outcome === 'unclear');
  } catch {
    return true;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = JSON.parse(readFileSync(0, 'utf8')) as Fault[];
  console.log(
    JSON.stringify({ unharmed: isSeen((await import('../../compiler/understand.ts')).understand), survivors: await plantFaults(faults) }),
  );
}
