import type { Imported } from '../../import/import-litellm.ts';
import type { Note } from '../../import/note.ts';
import type { Paint } from './paint.ts';

const MOST_PLACES = 8;
const MOST_COVERED = 8;
const WORDS = { carried: 'carried', changed: 'changed', 'left-out': 'left out' } as const;

/** For people: what changed and what was left out, with every place and the remedy; then what was carried over, in short. */
export function formatImport(notes: readonly Note[], file: string, paint: Paint): string {
  if (notes.length === 0) return '';
  const told = groupNotes(notes.filter(({ fate }) => fate !== 'carried')).map((group) => formatGroup(group, paint));
  const carried = groupNotes(notes.filter(({ fate }) => fate === 'carried')).map(
    (group) => `  ${String(group.length).padStart(4)} × ${group[0].message}: ${paint.dim(listKeys(group))}`,
  );
  return `${paint.bold(file)}\n\n${told.join('')}${carried.length === 0 ? '' : `${paint.green('carried')}\n${carried.join('\n')}\n\n`}`;
}

/** Notes that say the same, in the order of the first of each. */
function groupNotes(notes: readonly Note[]): Note[][] {
  const groups = new Map<string, Note[]>();
  for (const note of notes) {
    const id = JSON.stringify([note.fate, note.message, note.help]);
    groups.set(id, [...(groups.get(id) ?? []), note]);
  }
  return [...groups.values()];
}

function formatGroup(group: readonly Note[], paint: Paint): string {
  const [{ fate, message, help }] = group;
  const colour = fate === 'left-out' ? paint.red : paint.yellow;
  const places = group.slice(0, MOST_PLACES).map(({ place, key, shown, covers }) => {
    const value = shown === null ? '' : `: ${shown}`;
    return `  ${paint.dim('-->')} ${place.file}:${place.line}:${place.column} ${key}${value}${describeCovered(key, covers, paint)}\n`;
  });
  const more =
    group.length > MOST_PLACES ? `  ${paint.dim('-->')} and ${group.length - MOST_PLACES} more, all with \`--format json\`\n` : '';
  return `${colour(WORDS[fate])}: ${paint.bold(message)}\n${places.join('')}${more}   ${paint.dim('=')} ${paint.cyan('help')}: ${help}\n\n`;
}

function describeCovered(key: string, covers: readonly string[], paint: Paint): string {
  if (covers.length === 0) return '';
  const names = covers.slice(0, MOST_COVERED).map((path) => (path.startsWith(key) ? path.slice(key.length).replace(/^\./, '') : path));
  const more = covers.length > MOST_COVERED ? ` and ${covers.length - MOST_COVERED} more` : '';
  return paint.dim(` (with ${names.join(', ')}${more})`);
}

/** The last words of the keys, each once. */
function listKeys(group: readonly Note[]): string {
  const names = [...new Set(group.map(({ key }) => /(?:^|[.\]])([^.[\]]+)$/.exec(key)?.[1] ?? key))];
  return names.length <= MOST_PLACES
    ? names.join(', ')
    : `${names.slice(0, MOST_PLACES).join(', ')} and ${names.length - MOST_PLACES} more`;
}

/** One line: how many keys there were, and what became of them. A key that was told about twice counts by the gravest. */
export function summarizeImport(notes: readonly Note[]): string {
  const fates = new Map<string, Note['fate']>();
  const gravity = { carried: 0, changed: 1, 'left-out': 2 } as const;
  for (const { key, fate, covers } of notes) {
    for (const path of covers.length > 0 ? covers : [key]) {
      const before = fates.get(path);
      if (before === undefined || gravity[fate] > gravity[before]) fates.set(path, fate);
    }
  }
  const count = (fate: Note['fate']): number => [...fates.values()].filter((other) => other === fate).length;
  return `${count('carried')} carried, ${count('changed')} changed, ${count('left-out')} left out`;
}

/**
 * `{"files":[…],"notes":[{fate,key,message,help,value,covers,file,line,column}],"findings":[{rule,message,help,file,line,column}]}`;
 * `files` are names within the folder, `findings` say why the input could not be read. Lines and columns start at 1.
 */
export function formatImportJson({ files, notes, diagnostics }: Imported): string {
  const report = {
    files: files.map(({ file }) => file),
    notes: notes.map(({ place, shown, ...note }) => ({ ...note, value: shown, file: place.file, line: place.line, column: place.column })),
    findings: diagnostics.map(({ rule, message, help, place }) => ({
      rule,
      message,
      help,
      file: place.file,
      line: place.line,
      column: place.column,
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
