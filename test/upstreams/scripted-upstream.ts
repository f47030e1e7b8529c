import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { INGRESSES } from '../../runtime/ingress/ingresses.ts';
import { anthropicVoice } from './voices/anthropic-voice.ts';
import { googleVoice } from './voices/google-voice.ts';
import { ollamaVoice } from './voices/ollama-voice.ts';
import { openAiVoice } from './voices/openai-voice.ts';
import type { Meaning, Voice } from './voices/voice.ts';

/** APIs in which answers are generated. */
export const SPEECHES = ['chat', 'responses', 'messages', 'google', 'ollama'] as const;
export type Speech = (typeof SPEECHES)[number];

/** One call as it arrived. */
export interface Call {
  readonly speech: Speech;
  readonly stream: boolean;
  /** With what stands before it in the backend's address. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One answer, to the byte. */
export interface Script {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as fast as they are taken. */
  readonly pieces: Iterable<Buffer>;
  /** `reset-first`: the connection breaks before an answer. */
  readonly end: 'end' | 'reset' | 'hang' | 'reset-first';
}

const VOICES: Readonly<Record<Exclude<Speech, 'responses'>, Voice>> = {
  chat: openAiVoice,
  messages: anthropicVoice,
  google: googleVoice,
  ollama: ollamaVoice,
};

/** A meaning as an API says it. */
export function say(speech: Speech, stream: boolean, meaning: Meaning): Script & { readonly pieces: readonly Buffer[] } {
  const type = !stream ? 'application/json' : speech === 'ollama' ? 'application/x-ndjson' : 'text/event-stream; charset=utf-8';
  const pieces =
    speech === 'responses' ? sayResponse(stream, meaning) : stream ? VOICES[speech].sayStream(meaning) : [VOICES[speech].sayWhole(meaning)];
  return { status: 200, headers: { 'content-type': type }, pieces, end: 'end' };
}

/** The voice in which an API tells errors. */
export function voiceOf(speech: Speech): Voice {
  return VOICES[speech === 'responses' ? 'chat' : speech];
}

/** Answers calls of every dialect, each as `play` has it, on real sockets. */
export class ScriptedUpstream {
  readonly received: Call[] = [];
  /** Calls whose caller left before the answer was complete. */
  aborted = 0;
  /** Bytes of answers. */
  written = 0;
  play: (call: Call) => Script;
  readonly #server: Server;

  constructor(play: (call: Call) => Script) {
    this.play = play;
    this.#server = createServer((request, response) => {
      response.on('error', () => {});
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(play: (call: Call) => Script): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(play);
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const path = request.url ?? '';
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[],"models":[]}');
      return;
    }
    const body = Buffer.concat(parts);
    const call = { ...tell(path, body), path, headers: request.headers, body };
    this.received.push(call);
    response.on('close', () => {
      if (!response.writableFinished) this.aborted++;
    });
    await this.#perform(this.play(call), response);
  }

  async #perform({ status, headers, pieces, end }: Script, response: ServerResponse): Promise<void> {
    const socket = response.socket!.setNoDelay(true);
    if (end === 'reset-first') {
      socket.resetAndDestroy();
      return;
    }
    response.writeHead(status, headers);
    response.flushHeaders();
    for (const piece of pieces) {
      if (response.destroyed) return;
      this.written += piece.length;
      if (response.write(piece)) await turn();
      else await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    if (end === 'end') response.end();
    else if (end === 'reset') {
      // What was written has to leave before the connection breaks.
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.resetAndDestroy();
    }
  }
}

/** What is asked, by the path and the body of a call. */
export function tell(path: string, body: Buffer): { speech: Speech; stream: boolean } {
  if (path.includes('/v1beta/')) return { speech: 'google', stream: path.includes(':streamGenerateContent') };
  const { stream } = JSON.parse(body.toString()) as { stream?: boolean };
  if (path.endsWith('/api/chat')) return { speech: 'ollama', stream: stream !== false };
  const speech = path.endsWith('/v1/messages') ? 'messages' : path.endsWith('/v1/responses') ? 'responses' : 'chat';
  return { speech, stream: stream === true };
}

/** The Responses API has no voice of its own: it is what the gateway makes of chat completions, whose form has an exam. */
function sayResponse(stream: boolean, meaning: Meaning): readonly Buffer[] {
  const ingress = INGRESSES.responses;
  const request = ingress.read(Buffer.from(JSON.stringify({ model: 'm', input: 'hello', stream })));
  if (!stream) return [ingress.writeAnswer(openAiVoice.sayWhole(meaning), request)];
  const said = ingress.openStream(request);
  const pieces = openAiVoice.sayStream(meaning).map((piece) => said.push(piece));
  return [...pieces, said.end()].filter((piece) => piece.length > 0);
}
