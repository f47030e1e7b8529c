import { Ajv, type ErrorObject } from 'ajv';
import schema from '../../schema/policy.schema.json' with { type: 'json' };
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { PolicyFile } from '../parse/parse.ts';
import { type MapTree, type Tree, toPlain } from '../parse/tree.ts';
import { describeFault } from './describe-fault.ts';
import { dropEchoes } from './drop-echoes.ts';

/** What ajv says, with what this schema adds for people: `x-expected`, `x-rule`, `x-secret`. */
export type Fault = ErrorObject<string, Record<string, unknown>, unknown>;

export const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
  // Editors know numbers as keys by a pattern only; the compiler knows them by their names.
  allowMatchingProperties: true,
});
for (const keyword of ['x-expected', 'x-rule', 'x-secret', 'tsType']) ajv.addKeyword(keyword);

let check: ReturnType<Ajv['compile']> | null = null;

/** Findings of shape, and every node that a fault touches: it and all that hold it, down from its named entry. */
export function validate(files: readonly PolicyFile[]): {
  readonly broken: ReadonlySet<Tree>;
  readonly diagnostics: readonly Diagnostic[];
} {
  // Compiled on first use: commands that read no policy do not pay for it.
  check ??= ajv.compile(schema);
  const broken = new Set<Tree>();
  const diagnostics: Diagnostic[] = [];
  for (const { tree } of files) {
    if (tree === null) continue;
    const shape = withoutEmptySections(tree);
    if (check(toPlain(shape))) continue;
    for (const fault of dropEchoes(check.errors as Fault[])) {
      const path = fault.instancePath === '' ? [] : fault.instancePath.slice(1).split('/').map(unescapeStep);
      diagnostics.push(describeFault(fault, path, shape));
      // A bad name or an unknown key of a section is a fault of that entry, not of the section.
      const child = fault.propertyName ?? fault.params.additionalProperty;
      for (const node of nodesAlong(shape, typeof child === 'string' ? [...path, child] : path)) {
        if (path.length > 0) broken.add(node);
      }
    }
  }
  return { broken, diagnostics };
}

/** `budgets:` with nothing under it (all of it commented out, perhaps) is a section that is not there. */
export function withoutEmptySections(tree: MapTree): MapTree {
  const kept = [...tree.entries].filter(
    ([name, { value }]) => !(name in schema.properties && value.kind === 'leaf' && value.value === null),
  );
  return kept.length === tree.entries.size ? tree : { ...tree, entries: new Map(kept) };
}

/** The nodes from the named entry (`backends/x`, `traffic/3`) down to the fault; the section itself only where the fault is its own. */
function nodesAlong(tree: Tree, path: readonly string[]): Tree[] {
  const nodes: Tree[] = [];
  let node: Tree | undefined = tree;
  for (const [depth, step] of path.entries()) {
    node = node?.kind === 'map' ? node.entries.get(step)?.value : node?.kind === 'list' ? node.items[Number(step)] : undefined;
    if (node === undefined) break;
    if (depth > 0 || path.length === 1) nodes.push(node);
  }
  return nodes;
}

/** JSON pointer (RFC 6901). */
export function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
