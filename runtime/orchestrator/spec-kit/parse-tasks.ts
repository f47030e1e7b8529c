/** A task of a `tasks.md`: `- [ ] T001 [P] [US1] text`. */
export interface Task {
  readonly id: string;
  readonly done: boolean;
  /** Line of it, from 1. */
  readonly line: number;
  /** Byte of the file that is its mark: a blank, `x` or `X`. */
  readonly mark: number;
  /** `[P]`: it may be done beside others. */
  readonly parallel: boolean;
  /** `US1`; null = it belongs to none. */
  readonly story: string | null;
  /** What follows, at most 500 characters. */
  readonly text: string;
}

/** How much of a line is looked at: a task says what it is at its beginning. */
const LOOKED_AT = 1_024;

// Every two parts beside each other begin with other characters, so that nothing is tried twice.
const TASK = /^([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[)([ xX])\][ \t]+(?:\*\*)?([A-Z]{1,8}-?\d{1,6}[a-z]?)(?:\*\*)?(?=[ \t:.]|$)[:.]?(.*)$/;
const LABEL = /^[ \t]*\[([A-Za-z0-9 _.-]{1,32})\]/;
const FENCE = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})(.*)$/;
const COMMENT = /^ {0,3}<!--/;

/**
 * The tasks of a file, in order, those with the same id too. Lists may be nested; what stands in a fenced block or a comment is no task.
 * Bytes are read as Latin-1, so that places are those of the file, whatever its encoding.
 */
export function parseTasks(file: Buffer): Task[] {
  const all = file.toString('latin1');
  const tasks: Task[] = [];
  let fence: string | null = null;
  let comment = false;
  for (let at = 0, line = 1; at < all.length; line++) {
    const end = all.indexOf('\n', at);
    const next = end < 0 ? all.length : end + 1;
    const text = all.slice(at, Math.min(end < 0 ? all.length : end, at + LOOKED_AT)).replace(/\r$/, '');
    if (comment) comment = !endsComment(all, at, next);
    else if (fence !== null) {
      const closing = FENCE.exec(text);
      if (closing?.[1].startsWith(fence) && closing[2].trim() === '') fence = null;
    } else if (COMMENT.test(text)) comment = !endsComment(all, at + text.indexOf('<!--') + 4, next);
    else {
      const opening = FENCE.exec(text);
      // A fence of backticks has none behind it: that would be code in a line.
      if (opening !== null && !(opening[1][0] === '`' && opening[2].includes('`'))) fence = opening[1];
      else {
        const task = TASK.exec(text);
        if (task !== null) tasks.push(readTask(task, at, line));
      }
    }
    at = next;
  }
  return tasks;
}

/** Ids that stand there more than once, with their lines. */
export function findDuplicates(tasks: readonly Task[]): { readonly id: string; readonly lines: readonly number[] }[] {
  const lines = new Map<string, number[]>();
  for (const { id, line } of tasks) {
    const known = lines.get(id);
    if (known === undefined) lines.set(id, [line]);
    else known.push(line);
  }
  return [...lines].filter(([, found]) => found.length > 1).map(([id, found]) => ({ id, lines: found }));
}

function readTask([, before, mark, id, rest]: RegExpExecArray, at: number, line: number): Task {
  const labels: string[] = [];
  let text = rest;
  for (let label = LABEL.exec(text); label !== null; label = LABEL.exec(text)) {
    labels.push(label[1]);
    text = text.slice(label[0].length);
  }
  return {
    id,
    done: mark !== ' ',
    line,
    mark: at + before.length,
    parallel: labels.includes('P'),
    story: labels.find((label) => /^US\d+$/.test(label)) ?? null,
    text: Buffer.from(text.trim(), 'latin1').toString('utf8').slice(0, 500),
  };
}

function endsComment(all: string, from: number, to: number): boolean {
  // Of this line alone: looking through the rest of the file at each line would take time by the square of it.
  return all.slice(from, to).includes('-->');
}
