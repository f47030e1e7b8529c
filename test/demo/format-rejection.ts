/** A 503 of the gateway as people read it: the message, what it was decided by, and one reason for every candidate. */
export function formatRejection(body: string): string[] {
  const { error, context, rejection_reasons: reasons } = JSON.parse(body) as Rejection;
  const lines = [error.message, `needs zone ${context.privacy_zone_required ?? 'any'}, tier ${context.required_tier} or more`];
  for (const { reconciler, reason, suggested_action } of reasons)
    lines.push(`${reconciler.padEnd(20)} ${reason}`, `${' '.repeat(20)} help: ${suggested_action}`);
  return lines;
}

interface Rejection {
  readonly error: { readonly message: string };
  readonly context: { readonly required_tier: number; readonly privacy_zone_required: string | null };
  readonly rejection_reasons: readonly { readonly reconciler: string; readonly reason: string; readonly suggested_action: string }[];
}
