import type { PolicySet } from '../../../schema/policy-set.ts';
import { type Understanding, understand } from '../../../compiler/understand.ts';

/** Understands texts as files `policies/0.yaml`, `policies/1.yaml`, … */
export function understandText(...texts: readonly string[]): Understanding {
  return understand(texts.map((text, row) => ({ file: `policies/${row}.yaml`, text })));
}

/** The set of texts that are clean of errors; throws with the findings where they are not. */
export function setOf(...texts: readonly string[]): PolicySet {
  const { set, diagnostics } = understandText(...texts);
  if (set === null) throw new Error(diagnostics.map(({ rule, message }) => `${message} [${rule}]`).join('\n'));
  return set;
}

/** A backend with models, for texts that are about something else. */
export const LOCAL = 'backends:\n  local:\n    type: ollama\n    models: { small: { quality: 0.5 }, large: { quality: 0.8, tier: 3 } }\n';
