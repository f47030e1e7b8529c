import type { Sla } from '../../schema/policy-set.ts';
import { spotAt } from '../parse/spot-at.ts';
import { type Desk, Register } from './desk.ts';
import { reportDuration } from './report-duration.ts';
import { readDuration } from './units.ts';

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
