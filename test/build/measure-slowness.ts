/**
 * How much slower this machine is now than the one that bounds in seconds were set on: prints a number, at least 1. Others that run beside a measurement
 * slow it down as much as this fixed piece of work, which is made of what a compiler does: small objects, strings, maps and sorting.
 */
const REFERENCE = 340;
const begun = process.cpuUsage();
let sum = 0;
for (let round = 0; round < 12; round++) {
  const names = new Map<string, { readonly row: number; readonly words: readonly string[] }>();
  for (let row = 0; row < 20_000; row++) names.set(`name-${(row * 7919) % 20_011}-${round}`, { row, words: [`w${row % 97}`, String(row)] });
  const sorted = [...names.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
  sum += JSON.stringify(sorted.slice(0, 5_000)).length;
}
const { user, system } = process.cpuUsage(begun);
process.stdout.write(`${Math.max(1, (user + system) / 1_000 / REFERENCE) + 0 * sum}\n`);
