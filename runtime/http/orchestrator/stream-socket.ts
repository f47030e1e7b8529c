import type { WebSocket } from '@fastify/websocket';
import type { Frames, StreamState, WireFrame } from '../../orchestrator/stream/frames.ts';
import { type FrameSink, type ReaderEnd, StreamReader } from '../../orchestrator/stream/stream-reader.ts';
import type { StreamRequest } from './stream-request.ts';
import { describeStreams, writeNotice } from './stream-notices.ts';

/** Bytes that may wait for a reader. Beyond them nothing more is read for it until half of them have gone. */
export const MOST_UNREAD = 256 * 1024;
/** `ping`s that a reader may send between two heartbeats. */
const MOST_PINGS = 32;
/** How long the end of a connection may take at shutdown, in ms. */
const FAREWELL = 2_000;

const ENDS: Readonly<Record<ReaderEnd, readonly [number, string]>> = {
  ended: [1000, 'ended'],
  closing: [1001, '[closing] the server goes down: resume where you were'],
  'too-many': [1013, '[too-many-streams] help: name the streams'],
  failed: [1011, '[store] the frames cannot be read: resume in a moment'],
};

const READ_ONLY = 1003;
const UNREAD = 1008;

/** Codes that a connection is closed with. */
export const CLOSE_CODES: readonly number[] = [...Object.values(ENDS).map(([code]) => code), READ_ONLY, UNREAD];

/** A reader over WebSocket. */
export class StreamSocket implements FrameSink {
  readonly #socket: WebSocket;
  readonly #reader: StreamReader;
  /** Beats without an answer of the other end. */
  #silent = 0;
  #pings = 0;
  #waits = false;
  /** When what waits last became less, ms; null = nothing waits. */
  #stalled: number | null = null;
  #unread = 0;

  constructor(frames: Frames, { states, starts, all }: StreamRequest, socket: WebSocket) {
    this.#socket = socket;
    this.#reader = new StreamReader(frames, this, starts, all);
    socket.on('close', () => this.#reader.stop());
    socket.on('pong', () => {
      this.#silent = 0;
    });
    socket.on('ping', (data) => {
      if (++this.#pings <= MOST_PINGS && !this.full()) socket.pong(data);
    });
    socket.on('message', (data, binary) => this.#hear(binary ? '' : String(data)));
    this.#greet(states, all !== null);
    this.#reader.start();
  }

  frame({ json }: WireFrame): void {
    this.#socket.send(json, { binary: false }, this.#sent);
  }

  status(stream: string | null, payload: object): void {
    this.#socket.send(writeNotice('status', stream, payload), this.#sent);
  }

  full(): boolean {
    if (this.#socket.bufferedAmount < MOST_UNREAD) return false;
    this.#waits = true;
    return true;
  }

  end(reason: ReaderEnd): void {
    this.#socket.close(...ENDS[reason]);
    if (reason === 'closing') setTimeout(() => this.#socket.terminate(), FAREWELL).unref();
  }

  /** A heartbeat, where there is room for it. */
  beat(): void {
    this.#pings = 0;
    if (!this.full()) this.#socket.send(writeNotice('heartbeat', null, {}));
  }

  /** Asks whether the other end is still there; it was asked before and did not answer → the connection is over. */
  probe(): void {
    if (this.full()) return;
    if (this.#silent++ > 1) this.#socket.terminate();
    else this.#socket.ping();
  }

  /** Closes a connection whose other end has read nothing for `patience` ms. The words come after what waits, where it reads on. */
  judge(now: number, patience: number): boolean {
    const unread = this.#socket.bufferedAmount;
    if (unread === 0 || unread < this.#unread || this.#stalled === null) this.#stalled = unread === 0 ? null : now;
    this.#unread = unread;
    if (this.#stalled === null || now - this.#stalled < patience || this.#socket.readyState !== this.#socket.OPEN) return false;
    this.#reader.stop();
    this.#socket.close(UNREAD, `[unread] nothing was read for ${Math.round(patience / 1_000)} s: resume where you were`);
    return true;
  }

  #greet(states: readonly StreamState[], all: boolean): void {
    if (all) this.status(null, { streams: describeStreams(states) });
    else for (const state of states) this.status(state.stream, describeStreams([state])[0]);
  }

  readonly #sent = (): void => {
    if (!this.#waits || this.#socket.bufferedAmount > MOST_UNREAD / 2) return;
    this.#waits = false;
    this.#reader.pump();
  };

  #hear(text: string): void {
    if (text !== 'ping') this.#socket.close(READ_ONLY, '[read-only] a stream takes no messages but `ping`');
    else if (++this.#pings > MOST_PINGS) this.#socket.close(UNREAD, '[pings] too many of them');
    else if (!this.full()) this.#socket.send(writeNotice('heartbeat', null, {}));
  }
}
