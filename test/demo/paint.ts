export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  red(text: string): string;
}

/** Colours on a terminal alone, and not where `NO_COLOR` is set (no-color.org). */
export function paintFor(tty: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const wanted = tty && !env.NO_COLOR && env.TERM !== 'dumb';
  const sgr = (on: number, off: number) => (text: string) => (wanted ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: sgr(1, 22), dim: sgr(2, 22), yellow: sgr(33, 39), green: sgr(32, 39), red: sgr(31, 39) };
}
