import { CALLERS, type CallerName } from '../callers/callers.ts';
import { meaningOf } from './expected.ts';

/** An answer as its caller saw it. `broken`: the connection ended before the answer did. */
export interface SeenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** Them as text; compressed bytes as one character each. */
  readonly text: string;
  readonly broken: boolean;
}

/** Errors that a caller may be given; 529 is nobody's but the backend's. */
const ERRORS = [429, 500, 502, 503, 504];
const HEADERS = [
  'x-nexus-backend',
  'x-nexus-backend-type',
  'x-nexus-route-reason',
  'x-nexus-privacy-zone',
  'x-nexus-policy',
  'x-request-id',
];

/** What was asked, and of whom. */
export interface Asked {
  readonly caller: CallerName;
  readonly prompt: string;
  readonly stream: boolean;
  /** What the backend that answered meant to send, where it speaks the caller's own API: then every byte must be its own. */
  readonly sent: Buffer | null;
}

/** What an answer is, in a word, or what is wrong with it after `WRONG`. */
export function judgeAnswer(asked: Asked, seen: SeenAnswer): string {
  const missing = HEADERS.filter((name) => seen.headers[name] === undefined);
  if (missing.length > 0) return `WRONG: ${seen.status} without ${missing.join(', ')}`;
  if (seen.status !== 200) return judgeError(asked, seen);
  return asked.stream ? judgeStream(asked, seen) : judgePlain(asked, seen);
}

function judgeError({ caller }: Asked, seen: SeenAnswer): string {
  if (seen.broken) return `WRONG: an error ${seen.status} that is cut`;
  if (!ERRORS.includes(seen.status)) return `WRONG: status ${seen.status}: ${seen.text.slice(0, 200)}`;
  const words = CALLERS[caller].hearError(seen.text);
  if (words.includes('[internal]')) return `WRONG: ${words}`;
  if ((seen.status === 503 || seen.status === 429) && !(Number(seen.headers['retry-after']) >= 1)) {
    return `WRONG: ${seen.status} does not say when to come again: ${seen.text.slice(0, 200)}`;
  }
  return `error ${seen.status}`;
}

/** Where the error begins that ends a stream, in each API. */
const ERROR_MARKS: Readonly<Record<CallerName, string>> = {
  chat: 'data: {"error"',
  responses: 'event: error\n',
  messages: 'event: error\n',
  ollama: '{"error"',
};

function judgeStream(asked: Asked, seen: SeenAnswer): string {
  const { caller, prompt, sent } = asked;
  if (seen.broken) return 'WRONG: a stream whose connection broke';
  // What a backend of the same API said that was no stream went on as it was.
  if (sent !== null && isOther(seen)) return seen.bytes.equals(sent) ? 'odd answer, as it is' : 'WRONG: an odd answer that was changed';
  const heard = CALLERS[caller].hearStream(seen.text, sent === null);
  if (heard.terminals !== 1) return `WRONG: ${heard.terminals} terminal events: …${seen.text.slice(-300)}`;
  const meant = meaningOf(prompt);
  if (heard.error === null) {
    if (sent !== null && !seen.bytes.equals(sent)) return `WRONG: changed bytes: …${seen.text.slice(-300)}`;
    return heard.text === meant.text && hasCalls(heard.calls, prompt) ? 'whole stream' : `WRONG: it says ${heard.text}`;
  }
  if (!meant.text!.startsWith(heard.text)) return `WRONG: before its error it says ${heard.text}`;
  if (sent !== null) {
    const before = seen.bytes.subarray(0, seen.bytes.lastIndexOf(ERROR_MARKS[caller]));
    // Where the stream broke within an event, a blank line closes it.
    if (![0, 1, 2].some((gap) => begins(sent, before.subarray(0, before.length - gap))))
      return `WRONG: changed bytes: ${before.toString().slice(-300)}`;
  }
  return 'stream, then an error event';
}

function judgePlain({ caller, prompt, sent }: Asked, seen: SeenAnswer): string {
  if (seen.broken) {
    if (sent === null || seen.text === '') return `WRONG: cut after ${seen.text.slice(0, 200)}`;
    return begins(sent, seen.bytes) ? 'answer cut with its connection' : `WRONG: changed bytes: ${seen.text.slice(0, 200)}`;
  }
  if (sent !== null && !seen.bytes.equals(sent)) return `WRONG: changed bytes: ${seen.text.slice(0, 200)}`;
  if (sent !== null && (isOther(seen) || !isJsonAnswer(seen.text, caller))) return 'odd answer, as it is';
  const heard = CALLERS[caller].hearWhole(seen.text, sent === null);
  return heard.text === meaningOf(prompt).text && hasCalls(heard.calls, prompt) ? 'whole answer' : `WRONG: it says ${heard.text}`;
}

function hasCalls(heard: readonly { readonly arguments: unknown }[], prompt: string): boolean {
  const { calls = [] } = meaningOf(prompt);
  return heard.length === calls.length && calls.every((call, at) => JSON.stringify(heard[at].arguments) === call.arguments);
}

/** A page, or compressed although nobody asked for that. */
function isOther({ headers }: SeenAnswer): boolean {
  return headers['content-encoding'] !== undefined || String(headers['content-type']).startsWith('text/html');
}

/** A break may fall within a character: bytes are compared, not text. */
function begins(sent: Buffer, bytes: Buffer): boolean {
  return sent.subarray(0, bytes.length).equals(bytes);
}

/** An error that came as 200 is the backend's own, and no answer. */
function isJsonAnswer(text: string, caller: CallerName): boolean {
  try {
    CALLERS[caller].hearWhole(text, false);
    return true;
  } catch {
    return false;
  }
}
