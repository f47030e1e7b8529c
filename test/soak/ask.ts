import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import { CALLER_NAMES, CALLERS, type CallerName } from '../callers/callers.ts';
import { meaningOf } from './soak-upstream.ts';
import { keyOf, MOST_TOKENS, PAID, STEADY_MODELS, type Team } from './write-policy.ts';

/** What is asked for, and by how many of a thousand requests. */
const KINDS = [
  ['plain', 560],
  ['stream', 200],
  ['mixed', 130],
  ['leave', 50],
  ['tight', 20],
  ['broken-body', 15],
  ['unknown-model', 15],
  ['no-key', 10],
] as const;
export type Kind = (typeof KINDS)[number][0];

/** How a request ended, as its caller saw it. */
export interface Ending {
  readonly kind: Kind;
  readonly team: Team | null;
  /** In a word, or what is wrong after `WRONG`. */
  readonly word: string;
  /** A whole answer of a backend that is paid. */
  readonly isPaid: boolean;
}

/** Longest that any request may take, ms. */
export const DEADLINE = 90_000;
/** The API that a failing backend speaks itself: what it says there goes on as it is, half an answer included. */
const OWN: Readonly<Record<string, CallerName>> = { 'shaky-claude': 'messages', 'shaky-vllm': 'chat', 'shaky-ollama': 'ollama' };
/** A failing backend's own errors, and the gateway's where none is left. */
const ERRORS = [429, 500, 502, 503, 504];

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The connection ended before the answer did. */
  readonly broken: boolean;
}

export function pickKind(dice: number): Kind {
  let at = dice * 1_000;
  for (const [kind, share] of KINDS) {
    at -= share;
    if (at < 0) return kind;
  }
  return 'plain';
}

/** Attempts of a caller who is told to come again. */
const ATTEMPTS = 30;
/** What a caller is told whose money could not be set aside in time, or who found all of it held by others: it may well come again. */
const COME_AGAIN = 'asked to come again';

/**
 * Sends request `number` as `askOnce` does, and again where the disk of a busy machine did not set its money aside within the second that a
 * caller waits for it: that is told with `Retry-After`, and a client does as it says.
 */
export async function ask(
  pool: Pool,
  number: number,
  random: () => number,
  hashes: ReadonlySet<string>,
  onAgain: () => void,
): Promise<Ending> {
  const kind = pickKind(random());
  for (let attempt = 1; ; attempt++) {
    const ending = await askOnce(pool, kind, number, random, hashes);
    if (ending.word !== COME_AGAIN) return ending;
    onAgain();
    if (attempt === ATTEMPTS) return { ...ending, word: `WRONG: ${kind}: ${COME_AGAIN} ${ATTEMPTS} times` };
    await sleep(1_000);
  }
}

async function askOnce(pool: Pool, kind: Kind, number: number, random: () => number, hashes: ReadonlySet<string>): Promise<Ending> {
  const caller = CALLER_NAMES[Math.floor(random() * CALLER_NAMES.length)]!;
  const stream = kind === 'stream' || kind === 'leave' || (kind === 'mixed' && random() < 0.5);
  const team: Team | null =
    kind === 'tight' ? 'tight' : kind === 'mixed' || kind === 'leave' ? 'restless' : kind === 'no-key' ? null : 'patient';
  const prompt = `soak-${number}`;
  const model =
    kind === 'tight' ? 'tight' : kind === 'mixed' ? 'mixed' : kind === 'unknown-model' ? `nobody-${number}` : pickModel(random());
  const body = JSON.stringify(limit(caller, CALLERS[caller].ask(model, kind === 'leave' ? `${prompt} slowly` : prompt, stream)));
  const leaving = new AbortController();
  const leave = kind === 'leave' ? setTimeout(() => leaving.abort(), random() * 80) : undefined;
  const late = setTimeout(() => leaving.abort(new Error('late')), DEADLINE);
  const end = (word: string, isPaid = false): Ending => ({ kind, team, word, isPaid });
  try {
    const answer = await pool.request({
      method: 'POST',
      path: CALLERS[caller].path,
      headers: { 'content-type': 'application/json', ...(team === null ? {} : { authorization: `Bearer ${keyOf(team)}` }) },
      body: kind === 'broken-body' ? body.slice(0, -1) : body,
      signal: leaving.signal,
    });
    const parts: Buffer[] = [];
    let broken = false;
    try {
      for await (const part of answer.body) parts.push(part as Buffer);
    } catch (error) {
      if (leaving.signal.aborted) throw error;
      broken = true;
    }
    const seen = { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString(), broken };
    const word = judge(kind, caller, stream, prompt, seen, hashes);
    return end(word, word.startsWith('whole') && PAID.has(String(seen.headers['x-nexus-backend'])));
  } catch (error) {
    if ((leaving.signal.reason as Error | undefined)?.message === 'late') return end(`WRONG: it hung past ${DEADLINE} ms`);
    if (leaving.signal.aborted) return end('the caller left');
    return end(`WRONG: ${(error as Error).message}`);
  } finally {
    clearTimeout(leave);
    clearTimeout(late);
  }
}

function pickModel(dice: number): string {
  return STEADY_MODELS[Math.floor(dice * STEADY_MODELS.length)]!;
}

/** The cap of a call, each API's own way: without one nobody knows the most that it costs. */
function limit(caller: CallerName, body: Record<string, unknown>): Record<string, unknown> {
  switch (caller) {
    case 'chat':
    case 'messages':
      return { ...body, max_tokens: MOST_TOKENS };
    case 'responses':
      return { ...body, max_output_tokens: MOST_TOKENS };
    case 'ollama':
      return { ...body, options: { num_predict: MOST_TOKENS } };
  }
}

const REFUSED: Readonly<Partial<Record<Kind, number>>> = { 'broken-body': 400, 'unknown-model': 404, 'no-key': 401 };

function judge(kind: Kind, caller: CallerName, stream: boolean, prompt: string, seen: Seen, hashes: ReadonlySet<string>): string {
  const { status, headers, text, broken } = seen;
  const wrong = (what: string): string =>
    `WRONG: ${kind} by ${caller}${stream ? ', streamed' : ''}: ${what}: ${status} ${text.slice(-300)}`;
  if (headers['x-request-id'] === undefined) return wrong('no request id');
  const refusal = REFUSED[kind];
  if (refusal !== undefined) return status === refusal && !broken ? `refused with ${refusal}` : wrong(`not refused with ${refusal}`);
  if (status !== 200) {
    if (kind === 'tight' && status === 503 && Number(headers['retry-after']) >= 1) return 'over its budget';
    if (status === 503 && Number(headers['retry-after']) === 1 && text.includes('BudgetReconciler') && !broken) return COME_AGAIN;
    if (kind !== 'mixed' || broken || !ERRORS.includes(status)) return wrong('an error');
    return CALLERS[caller].hearError(text).includes('[internal]') ? wrong('an internal error') : `error ${status}`;
  }
  if (!hashes.has(String(headers['x-nexus-policy']))) return wrong(`a router that nobody wrote: ${headers['x-nexus-policy']}`);
  if (broken) return kind === 'mixed' && !stream ? 'cut with its backend' : wrong('a connection that broke');
  const meant = meaningOf(prompt).text!;
  try {
    const heard = CALLERS[caller][stream ? 'hearStream' : 'hearWhole'](text, false);
    if (heard.terminals !== 1) return wrong(`${heard.terminals} ends`);
    if (heard.error === null) {
      // What left no time to leave is whole, and asked with a word more.
      return heard.text === meant ? (stream ? 'whole stream' : 'whole answer') : wrong('other words');
    }
    return kind === 'mixed' && meant.startsWith(heard.text) ? 'stream, then an error event' : wrong(`an error event: ${heard.error}`);
  } catch (error) {
    if (kind === 'mixed' && !stream && OWN[String(headers['x-nexus-backend'])] === caller) return 'odd answer, as it is';
    return wrong((error as Error).message);
  }
}
