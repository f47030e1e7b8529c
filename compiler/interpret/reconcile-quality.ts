import type { Trial } from './trial.ts';

/**
 * QualityReconciler, read strictly: declared quality reaches the category's floor (axis `quality`), what was measured is within the
 * policy's bounds (`measured`), and the expected latency is within the SLA (`sla`).
 */
export function reconcileQuality(trial: Trial, target: number): 'quality' | 'measured' | 'sla' | null {
  if (isBelowDeclaredFloor(trial, target)) return 'quality';
  if (isBeyondMeasuredBounds(trial, target)) return 'measured';
  if (isSlowerThanSla(trial, target)) return 'sla';
  return null;
}

function isBelowDeclaredFloor({ set, asked, model }: Trial, target: number): boolean {
  const { minQuality, relativeQuality } = set.categories[asked.category];
  const { quality } = set.targets[target];
  if (minQuality !== null && quality < minQuality) return true;
  if (relativeQuality === null) return false;
  const best = set.models[model].candidates.reduce((most, row) => Math.max(most, set.targets[row].quality), 0);
  return quality * 1_000_000 < relativeQuality * best;
}

function isBeyondMeasuredBounds({ policy, state }: Trial, target: number): boolean {
  const { maxErrorRate, minSuccessRate, maxTtft } = policy;
  const { error_rate_1h, success_rate_24h, avg_ttft_ms } = state.targets[target];
  return (
    (maxErrorRate !== null && error_rate_1h > maxErrorRate / 1_000_000) ||
    (minSuccessRate !== null && success_rate_24h < minSuccessRate / 1_000_000) ||
    (maxTtft !== null && avg_ttft_ms > maxTtft)
  );
}

/** Expected latency = time to first token + expected output tokens × time per token. The policy's SLA stands before the category's. */
function isSlowerThanSla({ set, asked, policy, state }: Trial, target: number): boolean {
  const category = set.categories[asked.category];
  const row = policy.sla ?? category.sla;
  if (row === null) return false;
  const { firstToken, total, at } = set.slas[row];
  const { ttft_ms, ms_per_token } = state.targets[target];
  const expected = Math.min(set.classifier.expectedOutputTokens, category.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  return (firstToken !== null && ttft_ms[at] > firstToken) || (total !== null && ttft_ms[at] + expected * ms_per_token > total);
}
