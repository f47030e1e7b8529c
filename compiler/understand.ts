import type { PolicySet } from '../schema/policy-set.ts';
import { analyze } from './analyze/analyze.ts';
import { RULES, type RuleEntry } from './diagnostics/catalogue.ts';
import type { Diagnostic } from './diagnostics/diagnostic.ts';
import { maskSecrets } from './diagnostics/mask-secrets.ts';
import { sortDiagnostics } from './diagnostics/sort-diagnostics.ts';
import { loosen } from './interpret/loosen.ts';
import { merge } from './parse/merge.ts';
import { parse } from './parse/parse.ts';
import { describeVerdict } from './prove/invariants/describe-verdict.ts';
import { type InvariantVerdict, proveInvariants } from './prove/invariants/prove-invariants.ts';
import { resolve } from './resolve/resolve.ts';
import { validate } from './validate/validate.ts';

export interface Source {
  /** Path relative to the working folder, with `/`. */
  readonly file: string;
  readonly text: string;
}

export interface Understanding {
  /** Null where an error forbids it; a broken invariant does not, so that its witness can be explained. */
  readonly set: PolicySet | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
  /** What became of each invariant, in declared order; empty where an error forbids a judgement. */
  readonly invariants: readonly InvariantVerdict[];
}

/**
 * From text to meaning: parse → validate → merge → resolve → analyze → invariants. Every stage works on what the stage before left whole, so that one
 * mistake hides only what depends on it; all findings come out at once.
 */
export function understand(sources: readonly Source[]): Understanding {
  const ordered = [...sources].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  const parsed = parse(ordered);
  const validated = validate(parsed.files);
  const merged = merge(parsed.files, validated.broken);
  const resolved = resolve(merged.policy);
  const judged = analyze(resolved.set).filter((d) => resolved.targetsAreWhole || !(RULES[d.rule] as RuleEntry).needsTargets);
  const found = [...parsed.diagnostics, ...validated.diagnostics, ...merged.diagnostics, ...resolved.diagnostics, ...judged];
  // What is proven of half a policy says nothing of the whole.
  const isWhole = !hasError(found);
  // What is only observed keeps no promise.
  const promised = resolved.set.enforcement === 'shadow' ? loosen(resolved.set) : resolved.set;
  const invariants = isWhole ? proveInvariants(promised) : [];
  found.push(...invariants.flatMap((verdict) => describeVerdict(promised, verdict) ?? []));
  const diagnostics = sortDiagnostics(found.map(withoutSecrets));
  return { set: isWhole ? resolved.set : null, diagnostics, sources: ordered, invariants };
}

const hasError = (diagnostics: readonly Diagnostic[]): boolean => diagnostics.some(({ severity }) => severity === 'error');

/** Messages quote the author's words, and a key may stand where a word was expected. */
function withoutSecrets(diagnostic: Diagnostic): Diagnostic {
  const { message, help, related } = diagnostic;
  return {
    ...diagnostic,
    message: maskSecrets(message),
    help: maskSecrets(help),
    related: related.map((other) => ({ ...other, message: maskSecrets(other.message) })),
  };
}
