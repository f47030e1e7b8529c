import type { ClassEntry } from '../../schema/policy.ts';
import type { TaskClass } from '../../schema/policy-set.ts';
import type { Named } from '../parse/merge.ts';
import { boundAt } from './bound-at.ts';
import { checkGlobs, targetsOf } from './candidates.ts';
import { type Desk, Register } from './desk.ts';
import { NOWHERE } from './nowhere.ts';
import type { Names } from './resolve-models.ts';
import { toLowerAscii } from './to-lower-ascii.ts';

export function resolveClasses(names: Names, desk: Desk): { readonly classes: readonly TaskClass[]; readonly classRows: Register } {
  const classRows = new Register('class');
  const classes: TaskClass[] = [];
  for (const named of desk.sections.classes) {
    const task = named.broken ? null : resolveClass(named, names, desk);
    if (task === null) {
      classRows.hide(named.name);
      continue;
    }
    classRows.add(named.name, classes.length);
    classes.push(task);
  }
  const always = { words: null, tools: null, codeBlock: null, inputTokens: null };
  classes.push({ name: 'none', implicit: true, when: always, candidates: null, place: NOWHERE });
  return { classes, classRows };
}

function resolveClass({ name, entry, tree, spot }: Named<ClassEntry>, names: Names, desk: Desk): TaskClass | null {
  const faults = desk.diagnostics.length;
  const globs = entry.candidates === undefined ? null : checkGlobs(entry.candidates, tree, ['candidates'], names.realNames, desk);
  const tools = boundAt(entry.when?.tools, 1, tree, ['when', 'tools'], desk);
  const inputTokens = boundAt(entry.when?.input_tokens, 1, tree, ['when', 'input_tokens'], desk);
  if (desk.diagnostics.length > faults || (entry.candidates !== undefined && globs === null)) return null;
  return {
    name,
    implicit: false,
    when: {
      words: entry.when?.words === undefined ? null : [...new Set(entry.when.words.map(toLowerAscii))],
      tools,
      codeBlock: entry.when?.code_block ?? null,
      inputTokens,
    },
    candidates: globs === null ? null : targetsOf(globs, names.targets, names.models),
    place: spot.place,
  };
}
