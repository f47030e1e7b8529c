import type { CategoryEntry, ClassEntry } from '../../schema/policy.ts';
import type { Bound, Category, Classifier, Sla, TaskClass } from '../../schema/policy-set.ts';
import { DEFAULT_OUTPUT_CAP } from '../../schema/request.ts';
import type { Named } from '../parse/merge.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import type { Tree } from '../parse/tree.ts';
import { type Desk, Register } from './desk.ts';
import { NOWHERE, reportDuration } from './resolve-backends.ts';
import { checkGlobs, type Names, targetsOf } from './resolve-models.ts';
import { micros, pico, readBound, readDuration } from './units.ts';

export function resolveSlas(desk: Desk): { readonly slas: readonly Sla[]; readonly slaRows: Register } {
  const slaRows = new Register('sla');
  const slas: Sla[] = [];
  for (const { name, entry, tree, spot, broken } of desk.sections.slas) {
    const faults = desk.diagnostics.length;
    const read = (key: 'first_token' | 'total'): number | null => {
      const text = entry[key];
      return text === undefined ? null : (readDuration(text) ?? reportDuration(spotAt(tree, key), text, desk));
    };
    const sla = broken ? null : { name, firstToken: read('first_token'), total: read('total'), at: entry.at ?? 'p50', place: spot.place };
    if (sla !== null && sla.firstToken === null && sla.total === null && desk.diagnostics.length === faults) {
      desk.report('missing-key', spot, `sla \`${name}\` bounds no time`, 'add `first_token: 800ms` or `total: 5s`');
    }
    if (sla === null || desk.diagnostics.length > faults) {
      slaRows.hide(name);
      continue;
    }
    slaRows.add(name, slas.length);
    slas.push(sla);
  }
  return { slas, slaRows };
}

/** Without a section nothing scores: every weight is 0. */
export function resolveClassifier(desk: Desk): Classifier {
  const part = <T>(name: string): T | undefined => {
    const named = desk.sections.classifier.find((key) => key.name === name);
    return named === undefined || named.broken ? undefined : (named.entry as T);
  };
  const many = part<{ over: number; add: number }>('many_lines');
  const tokens = part<{ per: number; up_to: number }>('tokens');
  return {
    keywords: resolveKeywords(desk),
    codeBlock: micros(part<number>('code_block') ?? 0),
    manyLines: { over: many?.over ?? 20, add: micros(many?.add ?? 0) },
    tokens: { per: tokens?.per ?? 20_000, upTo: micros(tokens?.up_to ?? 0) },
    expectedOutputTokens: part<number>('expected_output_tokens') ?? 500,
  };
}

function resolveKeywords(desk: Desk): Classifier['keywords'] {
  const named = desk.sections.classifier.find((key) => key.name === 'keywords');
  if (named === undefined || named.broken || named.tree.kind !== 'map') return [];
  const words = new Map<string, { word: string; weight: number; written: string }>();
  for (const { name, key, value } of named.tree.entries.values()) {
    const word = toLowerAscii(name);
    const first = words.get(word);
    if (first !== undefined) {
      desk.report(
        'duplicate-name',
        key,
        `\`${name}\` and \`${first.written}\` are the same keyword: case does not count`,
        'keep one of the two',
        [{ message: `\`${first.written}\` is first written here`, place: keyAt(named.tree, first.written).place }],
      );
    } else if (value.kind === 'leaf') words.set(word, { word, weight: micros(Number(value.value)), written: name });
  }
  return [...words.values()].map(({ word, weight }) => ({ word, weight }));
}

export function resolveCategories(
  slaRows: Register,
  classifier: Classifier,
  desk: Desk,
): { readonly categories: readonly Category[]; readonly categoryRows: Register } {
  const categoryRows = new Register('category');
  const categories: Category[] = [];
  let input = 1_000;
  for (const named of desk.sections.categories) {
    const category = named.broken ? null : resolveCategory(named, input, slaRows, classifier, desk);
    if (category === null) {
      categoryRows.hide(named.name);
      continue;
    }
    input = category.reference.input;
    categoryRows.add(named.name, categories.length);
    categories.push(category);
  }
  categories.push({
    name: 'none',
    implicit: true,
    when: { score: null, inputTokens: null },
    minQuality: null,
    relativeQuality: null,
    maxCost: null,
    maxOutputTokens: null,
    sla: null,
    objective: 'balanced',
    strict: false,
    reference: { input: 1_000, output: classifier.expectedOutputTokens },
    place: NOWHERE,
  });
  return { categories, categoryRows };
}

function resolveCategory(
  { name, entry, tree, spot }: Named<CategoryEntry>,
  inputBefore: number,
  slaRows: Register,
  classifier: Classifier,
  desk: Desk,
): Category | null {
  const faults = desk.diagnostics.length;
  const score = bound(entry.when?.score, 1e6, tree, ['when', 'score'], desk);
  if (score !== null && score.value > 1e6) {
    desk.report(
      'bad-value',
      spotAt(tree, 'when', 'score'),
      `a score of \`${entry.when?.score}\` is never reached: scores go from 0 to 1`,
      'write it like this: `"<0.3"`',
    );
  }
  const inputTokens = bound(entry.when?.input_tokens, 1, tree, ['when', 'input_tokens'], desk);
  const sla = entry.sla === undefined ? null : slaRows.find(entry.sla, spotAt(tree, 'sla'), desk);
  const maxOutputTokens = entry.max_output_tokens ?? DEFAULT_OUTPUT_CAP;
  const isUpper = inputTokens !== null && inputTokens.op !== '>' && inputTokens.op !== '>=';
  if (desk.diagnostics.length > faults || (entry.sla !== undefined && sla === null)) return null;
  return {
    name,
    implicit: false,
    when: { score, inputTokens },
    minQuality: typeof entry.min_quality === 'number' ? micros(entry.min_quality) : null,
    relativeQuality: typeof entry.min_quality === 'object' ? micros(entry.min_quality.relative) : null,
    maxCost: entry.max_cost_per_request === undefined ? null : pico(entry.max_cost_per_request),
    maxOutputTokens,
    sla,
    objective: entry.objective ?? 'balanced',
    strict: entry.strict ?? false,
    reference: {
      input: isUpper ? inputTokens.value : inputBefore,
      output: Math.min(classifier.expectedOutputTokens, maxOutputTokens),
    },
    place: spot.place,
  };
}

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
  const tools = bound(entry.when?.tools, 1, tree, ['when', 'tools'], desk);
  const inputTokens = bound(entry.when?.input_tokens, 1, tree, ['when', 'input_tokens'], desk);
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

/** As written in the policy, times `scale`; null where nothing is written. */
export function bound(written: string | number | undefined, scale: number, tree: Tree, path: readonly string[], desk: Desk): Bound | null {
  if (written === undefined) return null;
  const read = readBound(written, scale);
  if (read !== null) return read;
  const what = scale === 1 ? 'a whole number' : 'a number with at most six decimals';
  return desk.report(
    'bad-unit',
    spotAt(tree, ...path),
    `\`${written}\` does not compare with ${what}`,
    `write it like this: \`"<${scale === 1 ? '200' : '0.3'}"\``,
  );
}

/** Case is folded for ASCII letters alone, as the router does when it reads a text. */
function toLowerAscii(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
