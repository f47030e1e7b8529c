import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { readYaml } from './read-yaml.ts';
import type { MapTree } from './tree.ts';

/** A policy file as a tree. */
export interface PolicyFile {
  readonly file: string;
  readonly text: string;
  /** Null where it cannot be read; the diagnostics say why. */
  readonly tree: MapTree | null;
  /** Something of the file could not be taken in: a name that is missed elsewhere may stand in its text. */
  readonly doubtful: boolean;
}

/** One tree a file: characters to positions, without any meaning yet. Never throws. */
export function parse(sources: readonly { readonly file: string; readonly text: string }[]): {
  readonly files: readonly PolicyFile[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const files = sources.map(({ file, text }) => {
    const plainText = text.startsWith('\uFEFF') ? text.slice(1) : text;
    const before = diagnostics.length;
    const tree = readYaml(file, plainText, diagnostics);
    return { file, text: plainText, tree, doubtful: diagnostics.length > before };
  });
  return { files, diagnostics };
}
