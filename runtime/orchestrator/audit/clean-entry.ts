import type { Redactor } from '../../telemetry/redact.ts';
import type { AuditEntry } from '../audit.ts';

/** Most characters of a name, and of words. */
const NAME = 256;
const WORDS = 1_024;
/** Controls, separators of lines, and marks that turn the direction of text: a terminal must show what was written, on one line. */
const TRICKS = /[\p{Cc}\p{Cf}\u2028\u2029\ud800-\udfff]/gu;

/** An entry that can be stored and shown: nothing in it is a secret that is known, ends its line, or hides what stands beside it. */
export function cleanEntry(entry: AuditEntry, redactor: Redactor): AuditEntry {
  const clean = (text: string, most: number): string =>
    redactor
      .redact(text.slice(0, most * 2))
      .replace(TRICKS, '\ufffd')
      .slice(0, most);
  const cleanNull = (text: string | null, most: number): string | null => (text === null ? null : clean(text, most));
  const { outcome, status } = entry;
  return {
    caller: cleanNull(entry.caller, NAME),
    action: clean(entry.action, NAME),
    subject: cleanNull(entry.subject, NAME),
    outcome,
    status,
    code: cleanNull(entry.code, NAME),
    detail: cleanNull(entry.detail, WORDS),
    request: clean(entry.request, NAME),
    trace: cleanNull(entry.trace, NAME),
  };
}
