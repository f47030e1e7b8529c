import { stripTypeScriptTypes } from 'node:module';

/** Any line that holds nothing but space: what types leave behind. */
const BLANK = /\n[ \t]*(?=\n)/g;

/** What a browser runs of a module of ours. Node calls this experimental, once and on standard error: that one notice is held back. */
export function stripPageTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text).replace(BLANK, '');
  } finally {
    process.emitWarning = emitWarning;
  }
}
