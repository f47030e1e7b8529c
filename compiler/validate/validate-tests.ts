import schema from '../../schema/tests.schema.json' with { type: 'json' };
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { PolicyFile } from '../parse/parse.ts';
import { toPlain } from '../parse/tree.ts';
import { describeFault } from './describe-fault.ts';
import { dropEchoes } from './drop-echoes.ts';
import { ajv, type Fault, unescapeStep } from './validate.ts';

let check: ReturnType<typeof ajv.compile> | null = null;

/** Findings of shape in files of tests, and the tests that have none: those numbered (`file:row`) in `broken` do. */
export function validateTests(files: readonly PolicyFile[]): {
  readonly broken: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
} {
  check ??= ajv.compile(schema);
  const broken = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const { file, tree } of files) {
    // A file without anything in it holds no tests; it is not misshapen.
    if (tree === null || tree.entries.size === 0 || check(toPlain(tree))) continue;
    for (const fault of dropEchoes(check.errors as Fault[])) {
      const path = fault.instancePath === '' ? [] : fault.instancePath.slice(1).split('/').map(unescapeStep);
      diagnostics.push(describeFault(fault, path, tree, 'a file of tests'));
      if (path.length > 1) broken.add(`${file}:${path[1]}`);
    }
  }
  return { broken, diagnostics };
}
