/** One line: how many invariants are proven, and over how much. */
export function tellInvariants(proven: readonly { readonly cells: number }[]): string {
  const cells = proven.reduce((sum, invariant) => sum + invariant.cells, 0).toLocaleString('en-US');
  return `${proven.length === 1 ? '1 invariant' : `${proven.length} invariants`} proven over ${cells} cells`;
}
