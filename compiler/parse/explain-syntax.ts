import type { YAMLError } from 'yaml';

/** Message and remedy for a fault of syntax, by the codes of the YAML library; `others` are all faults of the file. */
export function explainSyntax(fault: YAMLError, others: readonly YAMLError[] = []): [message: string, help: string] {
  const known: Partial<Record<YAMLError['code'], [string, string]>> = {
    TAB_AS_INDENT: ['a tab is used for indentation', 'indent with spaces'],
    BAD_INDENT: ['the indentation does not fit the lines above', 'line it up with its neighbours, with spaces'],
    MISSING_CHAR: [
      'a character is missing, such as `:` , `,`, a quote or a bracket',
      'close what was opened, and put `: ` between key and value',
    ],
    BLOCK_AS_IMPLICIT_KEY: ['a second `key: value` on one line', 'start a new line, or put the text in quotes'],
    MULTILINE_IMPLICIT_KEY: ['a key goes over several lines', 'put `:` behind the key, on its own line'],
    IMPOSSIBLE: ['the text cannot be read as YAML', 'check quotes, brackets and indentation'],
    TAG_RESOLVE_FAILED: ['tags such as `!name` are not part of the language', 'remove the tag'],
    BAD_ALIAS: [
      'an alias `*name` without its anchor `&name`',
      'put a text that begins with `*` in quotes: `"*"`; an anchor is defined before it is used, in the same file',
    ],
    BAD_DQ_ESCAPE: ['a backslash escape that does not exist', 'use single quotes, or double the backslash'],
    RESOURCE_EXHAUSTION: ['the text is nested too deep', 'nest less'],
  };
  if (fault.code === 'BAD_INDENT' && fault.message.startsWith('Flow')) {
    return ['a `{` or `[` is not closed before the next line', 'close it with `}` or `]`, or indent the lines that belong to it'];
  }
  const begins = (code: YAMLError['code']): boolean => others.some((other) => other.code === code && other.pos[0] === fault.pos[0]);
  if (fault.code === 'BLOCK_AS_IMPLICIT_KEY' && begins('MULTILINE_IMPLICIT_KEY')) {
    return ['the next line is indented deeper than this entry', 'line up the keys of one entry, with spaces'];
  }
  const entry = known[fault.code];
  if (entry) return entry;
  const text = fault.message.split('\n')[0].replace(/\.$/, '');
  return [`not readable as YAML: ${text.charAt(0).toLowerCase()}${text.slice(1)}`, 'check quotes, brackets and indentation'];
}
