import { createHash } from 'node:crypto';
import { CAPABILITIES, type Capability } from '../../schema/vocabulary.ts';
import type { LiveRouter } from '../router/live-router.ts';

/** A name that a request may ask for, and what can be said of it without saying where it goes. */
export interface PolicyModel {
  readonly name: string;
  readonly kind: 'model' | 'alias' | 'virtual';
  /** What the name means after its aliases. */
  readonly model: string;
  /** Rows of its candidates. */
  readonly targets: readonly number[];
  /** Those that one of its candidates has. */
  readonly capabilities: readonly Capability[];
  /** Tokens: the largest context among its candidates; null = not limited. */
  readonly context: number | null;
}

/** Every name of a policy, in its order. */
export function listModels({ manifest }: LiveRouter): PolicyModel[] {
  return manifest.names.map(({ name, kind, model, targets }) => {
    const configs = targets.map((row) => manifest.targets[row]);
    const contexts = configs.map(({ context }) => context);
    return {
      name,
      kind,
      model,
      targets,
      capabilities: CAPABILITIES.filter((capability) => configs.some(({ capabilities }) => capabilities.includes(capability))),
      context: contexts.includes(null) ? null : Math.max(...(contexts as number[])),
    };
  });
}

/** SHA-256 of a name under a policy: it changes when what stands behind it may have. */
export function digestOf({ hash }: LiveRouter, name: string): string {
  return createHash('sha256').update(`${hash} ${name}`).digest('hex');
}
