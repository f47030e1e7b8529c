/** An amount of memory in the unit that it is read in. */
export function formatBytes(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.round(bytes / 2 ** 10)} KiB`;
  if (bytes < 2 ** 30) return `${Number((bytes / 2 ** 20).toPrecision(3))} MiB`;
  return `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
}
