import type { PolicySet, TaskClass } from '../../../schema/policy-set.ts';
import { changeAt, type Mutate, shiftBound, swapAt, without } from './mutant.ts';

/** Classes that never hold, and exchanged; each of their conditions and candidates dropped, turned around or shifted. */
export const mutateClasses: Mutate = (set, locate) =>
  set.classes.flatMap((taskClass, row) => {
    const { name, implicit } = taskClass;
    if (implicit) return [];
    const own = `class \`${name}\``;
    const next = set.classes[row + 1];
    return [
      ...(next.implicit ? [] : [{ what: `${own} behind \`${next.name}\``, place: locate('classes', name), set: swap(set, row) }]),
      ...changesOf(set, taskClass).map(([words, path, change]) => ({
        what: `${own}: ${words}`,
        place: locate('classes', name, ...path),
        set: { ...set, classes: changeAt(set.classes, row, change) },
      })),
    ];
  });

type Change = [words: string, path: readonly string[], change: Partial<TaskClass>];

function changesOf(set: PolicySet, { when, candidates }: TaskClass): Change[] {
  const changes: Change[] = [['never by itself', ['when'], { when: { ...when, inputTokens: { op: '<', value: 0 } } }]];
  const add = (words: string, key: string, change: Partial<TaskClass['when']>): void => {
    changes.push([`when.${key} ${words}`, ['when', key], { when: { ...when, ...change } }]);
  };
  const { words: list, codeBlock } = when;
  if (list !== null) {
    add('dropped', 'words', { words: null });
    if (list.length > 1) for (const [i, word] of list.entries()) add(`without \`${word}\``, 'words', { words: without(list, i) });
  }
  if (codeBlock !== null) {
    add('dropped', 'code_block', { codeBlock: null });
    add(`${codeBlock} as ${!codeBlock}`, 'code_block', { codeBlock: !codeBlock });
  }
  for (const [words, tools] of shiftBound(when.tools, 1, 1)) add(words, 'tools', { tools });
  for (const [words, inputTokens] of shiftBound(when.inputTokens, 1, 1)) add(words, 'input_tokens', { inputTokens });
  if (candidates !== null) {
    changes.push(['candidates as `*`', ['candidates'], { candidates: null }]);
    for (const model of new Set(candidates.map((target) => set.targets[target].model))) {
      const left = candidates.filter((target) => set.targets[target].model !== model);
      changes.push([`candidates without \`${set.models[model].name}\``, ['candidates'], { candidates: left }]);
    }
  }
  return changes;
}

/** Rows of classes stand in budgets as well. */
function swap(set: PolicySet, row: number): PolicySet {
  const moved = (at: number): number => (at === row ? row + 1 : at === row + 1 ? row : at);
  return {
    ...set,
    classes: swapAt(set.classes, row),
    budgets: set.budgets.map((budget) => ({
      ...budget,
      scope: { ...budget.scope, class: budget.scope.class === null ? null : moved(budget.scope.class) },
    })),
  };
}
