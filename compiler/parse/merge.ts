import type { PolicyDocument } from '../../schema/policy.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { finding } from '../diagnostics/finding.ts';
import type { PolicyFile } from './parse.ts';
import { type Entry, type MapTree, type Spot, type Tree, toPlain } from './tree.ts';

type Document = Required<PolicyDocument>;
export type SectionName = Exclude<keyof Document, 'version'>;

/** Type of one entry of a section: of a map its values, of a list its items. */
type EntryOf<S> = S extends readonly (infer Item)[] ? Item : S[keyof S];

/** One named thing of the policy: `backends.workstation`, a traffic policy, a key of `classifier`. */
export interface Named<T> {
  /** Empty for a list item without one. */
  readonly name: string;
  /** Its key; of a list item its name. */
  readonly spot: Spot;
  /** What was written, of the shape of the schema unless `broken`. */
  readonly entry: T;
  readonly tree: Tree;
  /** The shape of something in it is wrong: its name is known, its meaning is not. */
  readonly broken: boolean;
}

/** The entries of all files by section, in order of the files, then of the text. */
export type Sections = { readonly [S in SectionName]: readonly Named<EntryOf<Document[S]>>[] };

export interface Policy {
  readonly sections: Sections;
  /** Where each section that is present is first opened. */
  readonly opened: ReadonlyMap<SectionName, Spot>;
  /** Might the name be defined in a part that could not be taken in? Then that it is missing is no finding of its own. */
  mayDefine(name: string): boolean;
  readonly doubtful: boolean;
  /** Text of a line of a file; empty beyond its end. Lines start at 1. */
  lineOf(file: string, line: number): string;
}

const LISTS: readonly SectionName[] = ['traffic', 'invariants'];
const SECTIONS: readonly SectionName[] = [
  'backends',
  'aliases',
  'fallbacks',
  'auto',
  'traffic',
  'classifier',
  'categories',
  'classes',
  'slas',
  'budgets',
  'tiers',
  'pools',
  'workloads',
  'keys',
  'enforcement',
  'invariants',
];

/** All files as one policy. A name defined twice keeps its first definition and is a finding that shows both places. */
export function merge(
  files: readonly PolicyFile[],
  broken: ReadonlySet<Tree>,
): { readonly policy: Policy; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const sections = Object.fromEntries(SECTIONS.map((name) => [name, []])) as unknown as Record<SectionName, Named<unknown>[]>;
  const opened = new Map<SectionName, Spot>();
  const doubts: string[] = files.flatMap((file) => file.doubts);
  /** Names of entries whose shape is wrong: they may stand under a section that was not meant. */
  const misplaced = new Set<string>();
  const definitions = new Map<string, Spot>();
  for (const { tree, text } of files) {
    for (const [title, section] of tree?.entries ?? []) {
      const name = SECTIONS.find((known) => known === title);
      // An unknown section may be a misspelled one; a section of the wrong kind is not taken in.
      if (name === undefined || broken.has(section.value)) {
        if (title !== 'version') doubts.push(textOf(section, tree as MapTree, text));
        continue;
      }
      if (section.value.kind === 'leaf') continue;
      if (!opened.has(name)) opened.set(name, section.key);
      for (const named of entriesOf(name, section, broken)) {
        if (named.broken) misplaced.add(named.name);
        // What a faulty backend serves may stand under a misspelled key.
        if (name === 'backends' && named.broken && section.value.kind === 'map') {
          doubts.push(textOf(section.value.entries.get(named.name) as Entry, section.value, text));
        }
        const definition = `${name} ${named.name}`;
        const first = definitions.get(definition);
        if (first === undefined || named.name === '') {
          definitions.set(definition, named.spot);
          sections[name].push(named);
          continue;
        }
        diagnostics.push(
          finding('duplicate-name', named.spot, `\`${named.name}\` is defined twice in \`${name}\``, 'rename or remove one of the two', [
            { message: `\`${named.name}\` is first defined here`, place: first.place },
          ]),
        );
      }
    }
  }
  const lines = new Map<string, readonly string[]>();
  return {
    policy: {
      sections: sections as unknown as Sections,
      opened,
      doubtful: doubts.length > 0,
      mayDefine: (name) => misplaced.has(name) || doubts.some((text) => text.includes(name)),
      lineOf(file, line) {
        if (!lines.has(file)) lines.set(file, files.find((candidate) => candidate.file === file)?.text.split(/\r?\n/) ?? []);
        return lines.get(file)?.[line - 1] ?? '';
      },
    },
    diagnostics,
  };
}

/** The lines of a section: from its key to the next section's. */
function textOf(section: Entry, { entries }: MapTree, text: string): string {
  const next = [...entries.values()].map(({ key }) => key.place.line).filter((line) => line > section.key.place.line);
  return text
    .split('\n')
    .slice(section.key.place.line - 1, next.length > 0 ? Math.min(...next) - 1 : undefined)
    .join('\n');
}

function entriesOf(section: SectionName, { value }: Entry, broken: ReadonlySet<Tree>): Named<unknown>[] {
  if (value.kind === 'list' && LISTS.includes(section)) {
    return value.items.map((tree) => {
      const name = tree.kind === 'map' ? tree.entries.get('name')?.value : undefined;
      const isNamed = name?.kind === 'leaf' && typeof name.value === 'string';
      return {
        name: isNamed ? (name.value as string) : '',
        spot: isNamed ? name : tree,
        entry: toPlain(tree),
        tree,
        broken: broken.has(tree),
      };
    });
  }
  if (value.kind !== 'map') return [];
  return [...value.entries.values()].map((entry) => ({
    name: entry.name,
    spot: entry.key,
    entry: toPlain(entry.value),
    tree: entry.value,
    broken: broken.has(entry.value),
  }));
}
