import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { maskSecrets } from '../../diagnostics/mask-secrets.ts';
import type { Report } from './report.ts';
import type { Paint } from './paint.ts';

/** Widest piece of a line that a frame shows. */
const WIDEST = 140;

const LONGEST_WITNESS = 400;

/** For people: the findings grouped by file, each with its line, the underlined place, the other places and the remedy. */
export function formatPretty({ diagnostics, sources }: Report, paint: Paint): string {
  const lines = new Map(sources.map(({ file, text }) => [file, text.split(/\r?\n/)]));
  let file: string | null = null;
  let out = '';
  for (const diagnostic of diagnostics) {
    if (diagnostic.place.file !== file) {
      file = diagnostic.place.file;
      out += `${paint.bold(file)}\n\n`;
    }
    out += `${formatOne(diagnostic, lines, paint)}\n`;
  }
  return out;
}

function formatOne(diagnostic: Diagnostic, lines: ReadonlyMap<string, readonly string[]>, paint: Paint): string {
  const { rule, severity, message, help, place, related } = diagnostic;
  const colour = severity === 'error' ? paint.red : paint.yellow;
  const width = String(Math.max(place.line, ...related.map((other) => other.place.line))).length;
  const gutter = ' '.repeat(width);
  let out = `${colour(severity)}: ${paint.bold(message)} ${paint.dim(`[${rule}]`)}\n`;
  out += `${gutter}${paint.dim('-->')} ${place.file}:${place.line}:${place.column}\n`;
  out += frame(place, diagnostic.length, lines, width, colour, paint);
  for (const other of related) {
    out += `${gutter}${paint.dim('-->')} ${other.place.file}:${other.place.line}:${other.place.column} ${other.message}\n`;
    out += frame(other.place, 1, lines, width, paint.dim, paint);
  }
  out += `${gutter} ${paint.dim('=')} ${paint.cyan('help')}: ${help}\n`;
  if (diagnostic.witness === undefined) return out;
  const { request, state } = diagnostic.witness;
  for (const [name, value] of Object.entries({ request, state })) {
    out += `${gutter} ${paint.dim('=')} ${paint.cyan(name)}: ${shorten(JSON.stringify(value))}\n`;
  }
  return out;
}

/** A request that needs many tokens has a long text; the machine formats have it whole. */
function shorten(json: string): string {
  return json.length <= LONGEST_WITNESS
    ? json
    : `${json.slice(0, LONGEST_WITNESS - 40)}…${json.slice(-40)} (${json.length} characters, whole with \`--format json\`)`;
}

function frame(
  place: Diagnostic['place'],
  length: number,
  lines: ReadonlyMap<string, readonly string[]>,
  width: number,
  colour: (text: string) => string,
  paint: Paint,
): string {
  const line = lines.get(place.file)?.[place.line - 1];
  if (line === undefined) return '';
  // A tab would move what stands under it; other control characters could move the cursor.
  const shown = maskSecrets(line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, ' '));
  const from = place.column - 1;
  const span = Math.max(1, Math.min(length > 1 ? length : wordLength(shown.slice(from)), shown.length - from));
  const start = from + Math.min(span, 20) > WIDEST ? from - 40 : 0;
  const piece = `${start > 0 ? '…' : ''}${shown.slice(start, start + WIDEST)}${shown.length > start + WIDEST ? '…' : ''}`;
  const indent = ' '.repeat(from - start + (start > 0 ? 1 : 0));
  const bar = paint.dim('|');
  return `${paint.dim(String(place.line).padStart(width))} ${bar} ${piece}\n${' '.repeat(width)} ${bar} ${indent}${colour('^'.repeat(Math.min(span, WIDEST)))}\n`;
}

/** Length of the word that stands first. */
function wordLength(text: string): number {
  return /^[^\s:,[\]{}]+/.exec(text)?.[0].length ?? 1;
}
