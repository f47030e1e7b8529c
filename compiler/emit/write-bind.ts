import type { PolicySet } from '../../schema/policy-set.ts';
import { type Coordinate, sizeOf } from '../constraints/constraint.ts';
import type { Plan } from '../plan/plan.ts';

const FIELD: Record<Coordinate, string> = {
  model: 'intent.model',
  policy: 'intent.policy',
  category: 'intent.category',
  class: 'intent.class',
  caller: 'intent.caller',
  required: 'intent.required',
};

/** The fields of `Intent.at` of this router. */
export const rowFields = ({ data }: Plan): string[] => [
  ...data.axes.filter(({ content }) => content.kind !== 'price').map(({ axis }) => axis),
  'rank',
  'cheap',
  'scope',
  'relax',
];

/** The name of the table that finds the row of an axis. */
export const indexName = (axis: string): string => `${axis.toUpperCase()}_ROW`;

/** The text of `bind`: coordinates of an intent to offsets into the live tables. */
export function writeBind(set: PolicySet, plan: Plan): string {
  const { data, indexes } = plan;
  const lines = ['const { at } = intent;'];
  for (const { axis, row, content } of data.axes) {
    const index = indexes.get(axis);
    if (content.kind === 'live') lines.push(`at.${axis} = ${row * data.words};`);
    if (!index) continue;
    const times = data.words === 1 ? '' : ` * ${data.words}`;
    if (index.by === 'need') {
      lines.push('const need = intent.inputHigh + intent.outputCap;');
      const count = index.thresholds.map((tokens) => `+(need > ${tokens})`).join(' + ');
      lines.push(`at.${axis} = ${row * data.words} + (${count})${times};`);
      continue;
    }
    const at = index.by.length === 0 ? '0' : expressionOf(set, index.by);
    if (content.kind === 'budget')
      lines.push(`at.scope = ${indexName(axis)}[${at}]!;`, `at.${axis} = ${row * data.words} + at.scope${times};`);
    else lines.push(`at.${axis} = ${row * data.words} + ${indexName(axis)}[${at}]!${times};`);
  }
  lines.push('at.rank = RANK_OF_CATEGORY[intent.category]!;', 'at.cheap = CHEAP_OF_CATEGORY[intent.category]!;');
  lines.push('at.relax = RELAX_OF_CATEGORY[intent.category]!;');
  return lines.map((line) => `  ${line}`).join('\n');
}

/** Row-major position over several coordinates. */
const expressionOf = (set: PolicySet, by: readonly Coordinate[]): string =>
  by.slice(1).reduce((text, coordinate) => {
    const inner = text.includes(' ') ? `(${text})` : text;
    return `${inner} * ${sizeOf(set, coordinate)} + ${FIELD[coordinate]}`;
  }, FIELD[by[0]!]);
