/** A whole number as PostgreSQL writes it. Throws where a number cannot hold it exactly: money is never rounded in silence. */
export function readInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no whole number below 2^53`);
  return value;
}
