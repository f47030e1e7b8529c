import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface CorpusFile {
  readonly kind: 'wrong' | 'right';
  readonly name: string;
  readonly text: string;
  /** What must be found, as `rule line:column`; nothing in a right one. */
  readonly expected: readonly string[];
}

/** The files of `test/corpus/`. A wrong one says in its second line what must be found: `# expect rule line:column`. */
export function readCorpus(): CorpusFile[] {
  const folder = fileURLToPath(new URL('../corpus/', import.meta.url));
  return (['wrong', 'right'] as const).flatMap((kind) =>
    readdirSync(`${folder}${kind}`)
      .sort()
      .map((file): CorpusFile => {
        const text = readFileSync(`${folder}${kind}/${file}`, 'utf8');
        const [, found] = /^#.*\n# expect ([a-z-]+ \d+:\d+)\n/.exec(text) ?? [];
        if ((found === undefined) !== (kind === 'right')) throw new Error(`${kind}/${file}: the head of a wrong one says what is expected`);
        return { kind, name: file.replace(/\.yaml$/, ''), text, expected: found === undefined ? [] : [found] };
      }),
  );
}
