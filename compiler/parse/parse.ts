import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { readYaml } from './read-yaml.ts';
import type { MapTree } from './tree.ts';

/** A policy file as a tree. */
export interface PolicyFile {
  readonly file: string;
  readonly text: string;
  /** Null where it cannot be read; the diagnostics say why. */
  readonly tree: MapTree | null;
  /** Pieces of the text that could not be taken in: a name that is missed elsewhere may be defined in them. */
  readonly doubts: readonly string[];
}

/** One tree a file: characters to positions, without any meaning yet. Never throws. */
export function parse(sources: readonly { readonly file: string; readonly text: string }[]): {
  readonly files: readonly PolicyFile[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const files = sources.map(({ file, text }) => {
    const plainText = text.startsWith('\uFEFF') ? text.slice(1) : text;
    const doubts: string[] = [];
    return { file, text: plainText, tree: readYaml(file, plainText, diagnostics, doubts), doubts };
  });
  return { files, diagnostics };
}
