/**
 * One automaton over all names: every state looks at one position of the name and goes on by the character there (or the end), so
 * that a few steps leave at most one candidate; a last equality decides. Steps do not grow with the length of the name nor, but
 * for the logarithm, with the number of names; an attacker's misses end as early as hits.
 */
export function buildNames(names: readonly string[]): (name: string) => number {
  const { positions, next, classes, width, start } = automatonOf(names);
  const known = classes.length;
  return (name) => {
    let state = start;
    while (state >= 0) {
      const position = positions[state]!;
      const unit = position < name.length ? name.charCodeAt(position) : -1;
      const column = unit < 0 ? 0 : unit < known ? classes[unit]! : 1;
      state = next[state * width + column]!;
    }
    const row = -2 - state;
    return row >= 0 && names[row] === name ? row : -1;
  };
}

/** States are numbered from 0; a negative entry ends: -1 fails, -2 - row proposes that row. Column 0 is the end of the name, 1 any other unit. */
function automatonOf(names: readonly string[]) {
  let top = 0;
  for (const name of names) for (let i = 0; i < name.length; i++) top = Math.max(top, name.charCodeAt(i) + 1);
  const classes = new Uint16Array(top).fill(1);
  let width = 2;
  for (const name of names)
    for (let i = 0; i < name.length; i++) if (classes[name.charCodeAt(i)] === 1) classes[name.charCodeAt(i)] = width++;
  const columnOf = (name: string, position: number): number => (position < name.length ? classes[name.charCodeAt(position)]! : 0);

  const positions: number[] = [];
  const table: number[][] = [];
  const build = (rows: readonly number[]): number => {
    if (rows.length === 1) return -2 - rows[0]!;
    const position = splitOf(rows);
    const state = positions.push(position) - 1;
    const out: number[] = new Array(width).fill(-1);
    table.push(out);
    const groups = new Map<number, number[]>();
    for (const row of rows) {
      const column = columnOf(names[row]!, position);
      const group = groups.get(column);
      if (group) group.push(row);
      else groups.set(column, [row]);
    }
    for (const [column, group] of groups) out[column] = build(group);
    return state;
  };
  /** The position that leaves the smallest largest group. */
  const splitOf = (rows: readonly number[]): number => {
    let longest = 0;
    for (const row of rows) longest = Math.max(longest, names[row]!.length);
    const counts = new Int32Array(width);
    let best = 0;
    let least = rows.length + 1;
    for (let position = 0; position <= longest && least > 1; position++) {
      counts.fill(0);
      let largest = 0;
      for (const row of rows) largest = Math.max(largest, ++counts[columnOf(names[row]!, position)]!);
      if (largest < least) {
        least = largest;
        best = position;
      }
    }
    return best;
  };
  const start = names.length === 0 ? -1 : build(names.map((_, row) => row));
  const next = new Int32Array(table.length * width);
  for (let state = 0; state < table.length; state++) next.set(table[state]!, state * width);
  return { positions: Int32Array.from(positions), next, classes, width, start };
}
