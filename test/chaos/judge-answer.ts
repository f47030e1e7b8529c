import { expectEvents, expectPlain } from './expected.ts';

/** An answer as its caller saw it. `broken`: the connection ended before the answer did. */
export interface SeenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly broken: boolean;
}

/** Errors that a caller may be given; 529 is nobody's but the backend's. */
const ERRORS = [429, 500, 503, 504];
const HEADERS = [
  'x-nexus-backend',
  'x-nexus-backend-type',
  'x-nexus-route-reason',
  'x-nexus-privacy-zone',
  'x-nexus-policy',
  'x-request-id',
];

/** What an answer is, in a word, or what is wrong with it after `WRONG`. */
export function judgeAnswer(prompt: string, stream: boolean, seen: SeenAnswer): string {
  const missing = HEADERS.filter((name) => seen.headers[name] === undefined);
  if (missing.length > 0) return `WRONG: ${seen.status} without ${missing.join(', ')}`;
  if (seen.status !== 200) return judgeError(seen);
  return stream ? judgeStream(prompt, seen) : judgePlain(prompt, seen);
}

function judgeError(seen: SeenAnswer): string {
  if (seen.broken) return `WRONG: an error ${seen.status} that is cut`;
  if (!ERRORS.includes(seen.status)) return `WRONG: status ${seen.status}: ${seen.text.slice(0, 200)}`;
  const { error } = JSON.parse(seen.text) as { error?: { message?: unknown; type?: unknown } };
  if (typeof error?.message !== 'string' || typeof error.type !== 'string') return `WRONG: no error envelope: ${seen.text.slice(0, 200)}`;
  if ((seen.status === 503 || seen.status === 429) && !(Number(seen.headers['retry-after']) >= 1)) {
    return `WRONG: ${seen.status} does not say when to come again: ${seen.text.slice(0, 200)}`;
  }
  return `error ${seen.status}`;
}

function judgeStream(prompt: string, seen: SeenAnswer): string {
  if (seen.broken) return 'WRONG: a stream whose connection broke';
  const terminal = seen.text.match(/^data: (?:\[DONE\]|\{"error")/gm)?.length ?? 0;
  if (terminal !== 1) return `WRONG: ${terminal} terminal events: …${seen.text.slice(-300)}`;
  const whole = expectEvents(prompt).join('');
  if (seen.text === whole) return 'whole stream';
  const at = seen.text.lastIndexOf('data: {"error"');
  if (at === -1) return `WRONG: [DONE] after something else: …${seen.text.slice(-300)}`;
  const before = seen.text.slice(0, at);
  // Where the stream broke within an event, a blank line closes it.
  if (!whole.startsWith(before) && !whole.startsWith(before.replace(/\n\n$/, ''))) return `WRONG: changed bytes: ${before.slice(-300)}`;
  JSON.parse(seen.text.slice(at + 'data: '.length));
  return 'stream, then an error event';
}

function judgePlain(prompt: string, seen: SeenAnswer): string {
  const whole = expectPlain(prompt);
  if (seen.text === whole && !seen.broken) return 'whole answer';
  if (seen.broken && whole.startsWith(seen.text)) return 'answer cut with its connection';
  return `WRONG: changed bytes: ${seen.text.slice(0, 200)}`;
}
