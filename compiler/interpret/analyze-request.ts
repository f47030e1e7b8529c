import type { PolicySet, TaskClass } from '../../schema/policy-set.ts';
import { DEFAULT_OUTPUT_CAP } from '../../schema/request.ts';
import { findPolicy } from './find-policy.ts';
import { holds } from './holds.ts';
import type { Analyzed, Question } from './question.ts';
import { hasWord, scoreTask } from './score-task.ts';
import type { Trial } from './trial.ts';

export type { Analyzed, Question } from './question.ts';

/** Turns a request into rows and numbers. The first problem found stands: model, then category, then class. */
export function analyzeRequest(set: PolicySet, question: Question): Analyzed {
  const { body, hints, caller, tokens } = question;
  const text = body.text();
  const score = scoreTask(set.classifier, text, tokens);
  const name = set.names.findIndex((row) => row.name === body.model);
  const category = hints.category === null ? firstCategory(set, score, tokens) : namedRow(set.categories, hints.category);
  const taskClass = hints.class === null ? firstClass(set, question, text) : namedRow(set.classes, hints.class);
  const problem = name < 0 ? 'unknown-model' : category < 0 ? 'unknown-category' : taskClass < 0 ? 'unknown-class' : 'none';
  const policy = problem === 'none' ? findPolicy(set, { name, caller, category, endpoint: body.endpoint }) : -1;
  const outputCap = body.endpoint === 'embeddings' ? 0 : capOutput(body.maxOutputTokens, set.categories[category]?.maxOutputTokens ?? null);
  return {
    name,
    model: set.names[name]?.model ?? -1,
    policy,
    category,
    class: taskClass,
    caller,
    required: body.required,
    flexible: hints.flexible && !hints.strict && set.policies[policy]?.fallbackAllowed === true,
    inputTokens: tokens,
    outputCap,
    output: Math.min(set.classifier.expectedOutputTokens, outputCap),
    answers: body.answers,
    score,
    costCap: lower(set.policies[policy]?.maxCost ?? null, set.categories[category]?.maxCost ?? null),
    problem,
  };
}

/**
 * RequestAnalyzer: does this target serve the model (axis `model`), within the request's class (`class`), with all that is required
 * (`capability`), and does the request fit into its context (`context`)?
 */
export function checkRequirements({ set, asked, model }: Trial, target: number): 'model' | 'class' | 'capability' | 'context' | null {
  const { candidates, virtual } = set.models[model];
  const narrowed = set.classes[asked.class].candidates;
  const { capabilities, context } = set.targets[target];
  if (!candidates.includes(target)) return 'model';
  if (virtual && narrowed !== null && !narrowed.includes(target)) return 'class';
  if ((asked.required & ~capabilities) !== 0) return 'capability';
  if (context !== null && asked.inputTokens + asked.outputCap > context) return 'context';
  return null;
}

function firstCategory(set: PolicySet, score: number, tokens: number): number {
  return set.categories.findIndex(({ when }) => holds(when.score, score) && holds(when.inputTokens, tokens));
}

function firstClass(set: PolicySet, { body, tokens }: Question, text: string): number {
  const matches = ({ when }: TaskClass) =>
    (when.words === null || when.words.some((word) => hasWord(text, word))) &&
    holds(when.tools, body.tools) &&
    (when.codeBlock === null || when.codeBlock === text.includes('```')) &&
    holds(when.inputTokens, tokens);
  return set.classes.findIndex(matches);
}

/** The implicit last row has no name that a caller can use. */
function namedRow(rows: readonly { readonly name: string; readonly implicit: boolean }[], name: string): number {
  return rows.findIndex((row) => row.name === name && !row.implicit);
}

function capOutput(callers: number | null, categorys: number | null): number {
  return lower(callers, categorys) ?? DEFAULT_OUTPUT_CAP;
}

function lower(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
