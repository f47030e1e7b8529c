/** Rows gathered one by one, each distinct one kept once. */
export function packRows<Row>(keyOf: (row: Row) => string): { readonly rows: Row[]; add(row: Row): number } {
  const seen = new Map<string, number>();
  const rows: Row[] = [];
  return {
    rows,
    add(row) {
      const key = keyOf(row);
      const found = seen.get(key);
      if (found !== undefined) return found;
      seen.set(key, rows.length);
      rows.push(row);
      return rows.length - 1;
    },
  };
}
