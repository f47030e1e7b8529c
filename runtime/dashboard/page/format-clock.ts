/** The time of day where the reader is, to the second. */
export function formatClock(at: string | number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
