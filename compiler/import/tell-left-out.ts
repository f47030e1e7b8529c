import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { KeyPath } from './key-path.ts';
import { NO_EQUAL, type Section } from './no-equal.ts';
import { mapAt } from './tree-values.ts';

/** Tells the keys of a section that are known to have no equal here; the others are told where they are read, or as unknown. */
export function tellLeftOut(root: Tree, at: KeyPath, section: Section, account: Account): void {
  const reasons = new Map(
    NO_EQUAL[section].flatMap(({ keys, message, help }) => keys.split(' ').map((key) => [key, { message, help }] as const)),
  );
  for (const key of mapAt(root, ...at).keys()) {
    const reason = reasons.get(key) ?? familyOf(section, key);
    if (reason !== undefined) account.leftOut([...at, key], reason.message, reason.help);
  }
}

/** Keys that come in families too large to list. */
function familyOf(section: Section, key: string): { readonly message: string; readonly help: string } | undefined {
  if ((section === 'litellm_params' || section === 'model_info') && /^(input|output|cache)_.*cost|_cost_per_|^tiered_pricing$/.test(key)) {
    // The prices that have an equal have been told by now.
    return PRICE_KEYS.has(key)
      ? undefined
      : { message: 'prices are by token, input and output', help: 'see `docs/prices.md` for what is counted' };
  }
  if (section === 'litellm_params' && /^(aws|vertex|azure|watsonx|s3|gcs)_/.test(key)) {
    return { message: 'a setting of a provider that this backend is not', help: 'nothing to do' };
  }
  if (/^redis_/.test(key)) return { message: 'policyd has no Redis', help: 'several policyds share a PostgreSQL, see `docs/deploy.md`' };
  if (
    /^(langfuse|langsmith|datadog|s3|gcs|otel|prometheus|braintrust|arize|mlflow|slack|sentry|posthog|lago|helicone|generic_logger)_/.test(
      key,
    )
  ) {
    return { message: 'a setting of a callback', help: 'metrics, traces and the decision log are in `docs/observability.md`' };
  }
  return undefined;
}

const PRICE_KEYS = new Set(['input_cost_per_token', 'output_cost_per_token', 'cache_read_input_token_cost']);
