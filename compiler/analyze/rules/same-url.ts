import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';

/** Two backends that are one server: its load, its health and its limits would be counted apart. */
export const rule: AnalysisRule = {
  slug: 'same-url',
  check({ backends }) {
    const first = new Map<string, (typeof backends)[number]>();
    return backends.flatMap((backend) => {
      const other = first.get(backend.url);
      if (other === undefined) {
        first.set(backend.url, backend);
        return [];
      }
      return [
        finding(
          'same-url',
          { place: backend.place, length: 1 },
          `backend \`${backend.name}\` has the same url as \`${other.name}\`: their load, health and \`max_in_flight\` are counted apart`,
          `put the models of both under one backend, or correct the \`url\` of one`,
          [{ message: `\`${other.name}\` is defined here`, place: other.place }],
        ),
      ];
    });
  },
};
