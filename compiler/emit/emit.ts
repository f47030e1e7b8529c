import type { PolicySet } from '../../schema/policy-set.ts';
import type { Plan } from '../plan/plan.ts';
import { readKernel } from './kernel-text.ts';
import { type PageFacts, writePage } from './write-page.ts';

/** What a policy becomes: a page for people, the kernel it imports, and the same as one loadable text. */
export interface Emitted {
  readonly page: string;
  readonly kernel: string;
  /** The body of a function that returns a `RouterModule`. */
  readonly loadable: string;
  readonly statements: number;
}

/** Writes the router. Throws when `route` is not straight-line code: nothing is emitted that was not looked at. */
export async function emit(set: PolicySet, plan: Plan, facts: PageFacts): Promise<Emitted> {
  const { inspectRoute, toJavaScript } = await import('./typescript.ts');
  const { header, tables, code, assembly } = writePage(set, plan, facts);
  const { types, body: kernelBody } = readKernel();
  const { statements, branches } = inspectRoute(code);
  // INVARIANT: a router whose decision branches is never written.
  if (branches.length > 0) throw new Error(`route is not straight-line code: ${branches.join(', ')}`);
  const imports =
    "import type { Intent, IntentRows, Live } from 'policyc/schema';\nimport { align, assemble, type RouterData } from './kernel.ts';";
  const page = `${header}\n${imports}\n\n${tables}\n\n${code}\n\n${assembly}\n`;
  const kernel = `// The kernel of every router: what is the same for all policies. Written by policyc ${facts.compiler}, do not edit.\n${types}\n\n${kernelBody}\n`;
  kernelScript ??= toScript(kernelBody, toJavaScript);
  const loadable = [
    "'use strict';",
    kernelScript,
    withoutTypes(tables),
    toScript(code, toJavaScript),
    assembly.replace(/^export const \{ format, .*$/m, 'return router;'),
    '',
  ].join('\n');
  return { page, kernel, loadable, statements };
}

/** The same for every router of this compiler. */
let kernelScript: string | undefined;

const toScript = (text: string, toJavaScript: (text: string) => string): string =>
  toJavaScript(text)
    .replace(/^export \{\};?$/gm, '')
    .replace(/^export /gm, '');

/** The tables hold no TypeScript but what `writePage` puts there: annotations of constants, and `as const`. Large ones are slow to parse. */
const withoutTypes = (tables: string): string =>
  tables.replace(/^const (\w+): RouterData\['\w+'\] = /gm, 'const $1 = ').replace(/^\] as const;$/gm, '];');
