import type { PolicySet } from '../../../schema/policy-set.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { firstFew, listNames } from '../list-names.ts';

/** A virtual model or a class whose candidates are no target at all, or a class that leaves nothing of a virtual model. */
export const rule: AnalysisRule = {
  slug: 'empty-candidates',
  check(set) {
    return [...checkVirtualModels(set), ...checkClasses(set)];
  },
};

function checkVirtualModels({ models }: PolicySet): Diagnostic[] {
  return models.flatMap(({ name, virtual, candidates, place }) =>
    virtual && candidates.length === 0
      ? [
          report(
            `virtual model \`${name}\` has no candidates: no model matches its patterns`,
            'correct `candidates`; names are case-sensitive, and `*` stops at `/`',
            place,
          ),
        ]
      : [],
  );
}

function checkClasses({ models, classes }: PolicySet): Diagnostic[] {
  return classes.flatMap(({ name, candidates, place }) => {
    if (candidates === null) return [];
    if (candidates.length === 0) {
      return [
        report(
          `class \`${name}\` has no candidates: no model matches its patterns`,
          'correct `candidates`, or leave it out to narrow nothing',
          place,
        ),
      ];
    }
    const left = new Set(candidates);
    const emptied = models.filter(
      (model) => model.virtual && model.candidates.length > 0 && !model.candidates.some((target) => left.has(target)),
    );
    if (emptied.length === 0) return [];
    const names = listNames(emptied.map((model) => model.name));
    return [
      report(
        `class \`${name}\` leaves no candidate of ${names}: their requests of that class are rejected`,
        'add a candidate that they share, to the class or to the virtual model',
        place,
        firstFew(emptied).map((model) => ({ message: `\`${model.name}\` is defined here`, place: model.place })),
      ),
    ];
  });
}

function report(message: string, help: string, place: Diagnostic['place'], related: Diagnostic['related'] = []): Diagnostic {
  return finding('empty-candidates', { place, length: 1 }, message, help, related);
}
