/** A stretch of time in the unit that it is read in. */
export function formatSpan(ms: number): string {
  if (ms < 1) return `${Number((ms * 1e3).toPrecision(3))} µs`;
  if (ms < 1e3) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < 120e3) return `${Number((ms / 1e3).toPrecision(3))} s`;
  if (ms < 7_200e3) return `${Math.round(ms / 60e3)} min`;
  if (ms < 172_800e3) return `${Math.round(ms / 3_600e3)} h`;
  return `${Math.round(ms / 86_400e3)} d`;
}
