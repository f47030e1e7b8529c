import { readFileSync } from 'node:fs';

/** Files of the kernel, each after those it uses. */
const FILES = [
  'data',
  'align',
  'names',
  'text',
  'govern',
  'money',
  'analyze',
  'rank',
  'lay',
  'decide',
  'explain',
  'violations',
  'loosen',
  'place',
  'workloads',
  'assemble',
] as const;

/** The kernel of every router as one text: the files of `kernel/` with imports of each other taken out. A resource of the compiler. */
export function readKernel(): { readonly types: string; readonly body: string } {
  const parts = FILES.map((file) => readFileSync(new URL(`./kernel/${file}.ts`, import.meta.url), 'utf8'));
  const names = new Set<string>();
  const body = parts
    .map((text) =>
      text.replace(/^import (?:type )?\{([^}]*)\} from '([^']+)';\n/gm, (_, list: string, from: string) => {
        if (from.startsWith('../')) for (const name of list.split(',')) if (name.trim()) names.add(name.trim());
        return '';
      }),
    )
    .map((text) => text.trim())
    .join('\n\n');
  return { types: `import type { ${[...names].sort().join(', ')} } from 'policyc/schema';`, body };
}
