/** As exact as it is read: cents from a dollar on, three digits that count below. */
export function formatDollars(usd: number): string {
  if (usd === 0) return '$0';
  if (Math.abs(usd) >= 1)
    return `${usd < 0 ? '−' : ''}$${Math.abs(usd).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `${usd < 0 ? '−' : ''}$${Number(Math.abs(usd).toPrecision(3))}`;
}
