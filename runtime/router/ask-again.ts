import type { DecisionLine } from '../../schema/decision-line.ts';
import type { Intent } from '../../schema/intent.ts';
import { coordinatesOf } from '../decisions/recorded-decision.ts';
import type { Mirror } from './mirror.ts';

/**
 * The intent of a recorded request in a router. Its text is not recorded: category and class are those of the record where the policy has them,
 * else what follows from tokens alone. A cap that was lowered is taken as it was lowered to.
 *
 * @param caller row in that router.
 */
export function askAgain({ module, manifest }: Pick<Mirror, 'module' | 'manifest'>, line: DecisionLine, caller: number): Intent {
  const was = coordinatesOf(line);
  const known = (names: readonly string[], name: string | null): string | null => (name !== null && names.includes(name) ? name : null);
  return module.analyze(
    {
      endpoint: line.endpoint,
      model: line.model,
      maxOutputTokens: line.endpoint === 'embeddings' || was.capSource === 2 ? null : was.outputCap,
      answers: was.answers,
      tools: was.tools,
      images: was.images,
      required: was.required,
      text: () => '',
    },
    {
      strict: false,
      flexible: was.flexible === 1,
      category: known(manifest.categories, line.category),
      class: known(manifest.classes, line.class),
    },
    caller,
    { low: was.inputLow, high: was.inputHigh, atLeast: () => was.inputLow, exact: () => was.inputHigh },
  );
}
