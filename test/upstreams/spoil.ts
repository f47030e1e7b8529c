import { gzipSync } from 'node:zlib';
import { type Call, type Script, say, voiceOf } from './scripted-upstream.ts';
import type { Meaning } from './voices/voice.ts';

/** What can be wrong with an answer; the first ones are not wrong, only odd. */
export const ODDITIES = ['none', 'split', 'crlf', 'unknown-events', 'repeated-start', 'after-end', 'length'] as const;
export const FAULTS = [
  'status-400',
  'status-404',
  'status-429',
  'status-500',
  'status-529',
  'status-compressed',
  'status-html',
  'reset',
  'empty',
  'stall',
  'html',
  'compressed',
  'late-error-first',
  'late-error',
  'truncated',
  'cut',
  'length-cut',
  'stall-mid',
] as const;
export type Spoil = (typeof ODDITIES)[number] | (typeof FAULTS)[number];

/** The answer to a call with something wrong about it. */
export function spoil({ speech, stream }: Call, meaning: Meaning, what: Spoil): Script {
  const right = say(speech, stream, meaning);
  const { pieces, headers } = right;
  const voice = voiceOf(speech);
  const late = speech === 'responses' ? RESPONSES_LATE : voice.sayLateError('made up late');
  const json = { 'content-type': 'application/json' };
  const half = stream ? pieces.slice(0, Math.ceil(pieces.length / 2)) : [pieces[0].subarray(0, pieces[0].length / 2)];
  if (what.startsWith('status-4') || what.startsWith('status-5')) {
    const status = Number(what.slice(7));
    return { status, headers: json, pieces: [voice.sayError(status, `made up ${status}`)], end: 'end' };
  }
  switch (what as Exclude<Spoil, `status-${4 | 5}${string}`>) {
    case 'none':
      return right;
    case 'split':
      return { ...right, pieces: cut(Buffer.concat(pieces), 11) };
    case 'length':
      return { ...right, headers: { ...headers, 'content-length': String(Buffer.concat(pieces).length) } };
    case 'crlf':
      return !stream || speech === 'ollama'
        ? right
        : { ...right, pieces: cut(Buffer.from(Buffer.concat(pieces).toString().replace(/\r?\n/g, '\r\n')), 13) };
    case 'unknown-events':
      return stream ? { ...right, pieces: pieces.flatMap((piece) => [UNKNOWN[speech], piece]) } : right;
    case 'repeated-start':
      return stream && (speech === 'messages' || speech === 'chat') ? { ...right, pieces: [pieces[0], ...pieces] } : right;
    case 'after-end':
      return stream ? { ...right, pieces: [...pieces, pieces[pieces.length - 1]] } : right;
    case 'status-compressed':
      return {
        status: 500,
        headers: { ...json, 'content-encoding': 'gzip' },
        pieces: [gzipSync(voice.sayError(500, 'unreadable'))],
        end: 'end',
      };
    case 'status-html':
      return { status: 502, headers: { 'content-type': 'text/html' }, pieces: [Buffer.from('<h1>Bad Gateway</h1>')], end: 'end' };
    case 'reset':
      return { ...right, end: 'reset-first' };
    case 'empty':
      return { ...right, pieces: [] };
    case 'stall':
      return { ...right, pieces: [], end: 'hang' };
    case 'html':
      return { ...right, headers: { 'content-type': 'text/html' }, pieces: [Buffer.from('<h1>Welcome to a router</h1>')] };
    case 'compressed':
      return { ...right, headers: { ...headers, 'content-encoding': 'gzip' }, pieces: [gzipSync(Buffer.concat(pieces))] };
    case 'late-error-first':
      return { ...right, pieces: [late] };
    case 'late-error':
      return { ...right, pieces: [...half, late] };
    case 'truncated':
      return { ...right, pieces: half };
    case 'cut':
      return { ...right, pieces: [...half, Buffer.from(speech === 'ollama' ? '{"model":"m","mess' : 'data: {"ty')], end: 'reset' };
    case 'length-cut':
      return { ...right, headers: { ...headers, 'content-length': String(Buffer.concat(pieces).length) }, pieces: half, end: 'reset' };
    case 'stall-mid':
      return { ...right, pieces: half, end: 'hang' };
  }
}

const RESPONSES_LATE = Buffer.from(
  'event: error\ndata: {"type":"error","code":"server_error","message":"made up late","param":null,"sequence_number":7}\n\n',
);

const UNKNOWN = {
  chat: Buffer.from('data: {"object":"chat.weather","wind":7}\n\n: a comment\n\n'),
  responses: Buffer.from('event: response.weather\ndata: {"type":"response.weather","wind":7}\n\n'),
  messages: Buffer.from('event: weather\ndata: {"type":"weather","wind":7}\n\nevent: ping\ndata: {"type":"ping"}\n\n'),
  google: Buffer.from('data: {"weather":{"wind":7}}\r\n\r\n'),
  ollama: Buffer.from('{"model":"m","created_at":"2026-11-20T08:00:00Z","weather":7,"done":false}\n'),
} as const;

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}
