import { suggest } from '../diagnostics/suggest.ts';
import type { Fault } from './validate.ts';

/** One mistake, one fault: keeps the telling one where ajv reports the same mistake by several keywords. */
export function dropEchoes(faults: readonly Fault[]): Fault[] {
  const unknownKeys = new Map<string, string[]>();
  for (const fault of faults) {
    if (fault.keyword !== 'additionalProperties') continue;
    const keys = unknownKeys.get(fault.instancePath) ?? [];
    keys.push(String(fault.params.additionalProperty));
    unknownKeys.set(fault.instancePath, keys);
  }
  const seen = new Set<string>();
  return faults.filter((fault) => {
    // The summary of `propertyNames` follows the fault of the name itself.
    if (fault.keyword === 'propertyNames') return false;
    // `tpye: ollama` is one mistake, not an unknown key and a missing one.
    if (fault.keyword === 'required') {
      const missing = String(fault.params.missingProperty);
      if (unknownKeys.get(fault.instancePath)?.some((key) => suggest(key, [missing]) !== null)) return false;
    }
    if (fault.keyword === 'minProperties' && unknownKeys.has(fault.instancePath)) return false;
    const what = fault.propertyName ?? fault.params.additionalProperty ?? fault.params.missingProperty ?? '';
    const key = `${fault.instancePath} ${String(what)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
