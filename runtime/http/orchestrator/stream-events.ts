import type { ServerResponse } from 'node:http';
import type { Frames, WireFrame } from '../../orchestrator/stream/frames.ts';
import { type FrameSink, type ReaderEnd, StreamReader } from '../../orchestrator/stream/stream-reader.ts';
import { describeStreams, writeNotice } from './stream-notices.ts';
import type { StreamRequest } from './stream-request.ts';
import { MOST_UNREAD } from './stream-socket.ts';

/** A reader over server-sent events: the number of a frame is the id of its event, so that a browser resumes by itself. */
export class StreamEvents implements FrameSink {
  readonly #raw: ServerResponse;
  readonly #reader: StreamReader;

  constructor(frames: Frames, { states, starts, all }: StreamRequest, raw: ServerResponse) {
    this.#raw = raw;
    this.#reader = new StreamReader(frames, this, starts, all);
    raw.on('close', () => this.#reader.stop());
    raw.on('drain', () => this.#reader.pump());
    for (const state of states) this.status(state.stream, describeStreams([state])[0]);
    this.#reader.start();
  }

  frame({ seq, type, json }: WireFrame): void {
    this.#raw.write(`id: ${seq}\nevent: ${type}\ndata: ${json.toString('utf8')}\n\n`);
  }

  status(stream: string | null, payload: object): void {
    this.#raw.write(`event: status\ndata: ${writeNotice('status', stream, payload)}\n\n`);
  }

  full(): boolean {
    return this.#raw.writableLength >= MOST_UNREAD;
  }

  end(reason: ReaderEnd): void {
    // A browser connects again by itself, unless it is told that there is nothing more to come.
    if (reason === 'ended') this.#raw.write('event: end\ndata: {}\n\n');
    this.#raw.end();
  }

  beat(): void {
    if (!this.full()) this.#raw.write(`event: heartbeat\ndata: ${writeNotice('heartbeat', null, {})}\n\n`);
  }
}
