import type { ErrorWords } from '../../gateway/error-words.ts';

/** Errors of the coordination API: `detail` says it to people, `error` to programs. */
export const DETAIL_ERRORS: ErrorWords = {
  write: ({ message, code }) => Buffer.from(JSON.stringify({ detail: message, ...(code === null ? {} : { error: code }) })),
  repeat: (_status, body) => body,
};
