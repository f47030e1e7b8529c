import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Live } from '../../schema/router.ts';
import type { DecisionFacts } from './decision-facts.ts';
import { isSampled } from './is-sampled.ts';
import { OrderNames } from './order-names.ts';
import { writeOrderLine } from './write-order-line.ts';

export interface DecisionLogOptions {
  /** The log is `decisions.jsonl` in it; older files are `decisions.1.jsonl` (the newest of them) and so on. */
  readonly folder: string;
  /** Share of requests that are logged, 0 to 1. */
  readonly sample: number;
  /** Bytes from which on a file makes room for the next. */
  readonly maxBytes: number;
  /** Older files that are kept. */
  readonly keep: number;
  /** Most bytes that wait for the disk; lines beyond are dropped, and counted. */
  readonly maxWaiting: number;
}

/** Why a decision was not written. */
export const DROP_REASONS = ['closed', 'slow-disk', 'failed-write'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** How long a line may wait in memory, in ms. */
const FLUSH = 250;
/** Bytes that are written without waiting for the timer. */
const GROUP = 64 * 1024;

/** Lines of one file that wait for the disk. */
interface Segment {
  readonly file: number;
  text: string;
  bytes: number;
  lines: number;
}

/**
 * The decision log on disk: lines are taken at once and written in groups behind. Every file stands alone: the order that a decision was
 * made on is written before the first decision on it in that file. A disk that is full or gone costs lines, which are counted, and
 * nothing else; a file never holds half of one. Nothing is synced: a crash may cost the last quarter of a second.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #names = new OrderNames();
  /** Orders that the current file holds, or will. */
  #told = new Set<string>();
  /** Number of the file that new lines go to, and what it will hold. */
  #file = 0;
  #fileBytes = 0;
  readonly #segments: Segment[] = [];
  #waiting = 0;
  #writing: Promise<void> | null = null;
  #handle: FileHandle | null = null;
  /** Number and length of the open file. */
  #open = 0;
  #length = 0;
  /** The file that was there before is counted. */
  #isBegun = false;
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;
  /** Decisions that were not written, by why. */
  readonly drops: Record<DropReason, number> = { closed: 0, 'slow-disk': 0, 'failed-write': 0 };
  written = 0;
  /** Why the last ones were dropped; null = none were. */
  lastError: string | null = null;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#flush(), FLUSH);
    this.#timer.unref();
  }

  /** Decisions that were not written: no room in memory, or none on disk. */
  get dropped(): number {
    return DROP_REASONS.reduce((sum, reason) => sum + this.drops[reason], 0);
  }

  get sample(): number {
    return this.#options.sample;
  }

  /** The name of an order, the same for all its decisions: what `writeDecisionLine` needs. */
  nameOrder(live: Live): string {
    return this.#names.of(live);
  }

  /** Takes a decision's line, where its request is one of those that are logged. */
  append({ requestId, router, live }: Pick<DecisionFacts, 'requestId' | 'router' | 'live'>, line: string): void {
    if (!isSampled(requestId, this.#options.sample)) return;
    const { maxBytes, maxWaiting } = this.#options;
    const order = this.nameOrder(live);
    let told = this.#told.has(order) ? '' : `${writeOrderLine(router, live, order)}\n`;
    if (this.#fileBytes > 0 && this.#fileBytes + told.length + line.length > maxBytes) {
      this.#file++;
      this.#fileBytes = 0;
      this.#told = new Set();
      if (told === '') told = `${writeOrderLine(router, live, order)}\n`;
    }
    const text = `${told}${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#isClosed || this.#waiting + bytes > maxWaiting) {
      if (this.#isClosed) this.#drop(1, 'closed', 'the log is closed');
      else this.#drop(1, 'slow-disk', 'the disk is slower than the decisions');
      return;
    }
    this.#told.add(order);
    this.#fileBytes += bytes;
    this.#waiting += bytes;
    const last = this.#segments.at(-1);
    // The first one may be on its way to the disk.
    if (last && last.file === this.#file && (this.#segments.length > 1 || this.#writing === null)) {
      last.text += text;
      last.bytes += bytes;
      last.lines++;
    } else this.#segments.push({ file: this.#file, text, bytes, lines: 1 });
    if (this.#waiting >= GROUP) this.#flush();
  }

  /** Writes what waits; nothing is taken after it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#flush();
    await this.#writing;
    await this.#handle?.close().catch(() => {});
    this.#handle = null;
  }

  #drop(lines: number, reason: DropReason, why: string): void {
    this.drops[reason] += lines;
    this.lastError = why;
    // The order of those that follow may have been among them.
    this.#told = new Set();
  }

  #flush(): void {
    if (this.#writing !== null || this.#segments.length === 0) return;
    this.#writing = this.#drain().finally(() => {
      this.#writing = null;
    });
  }

  async #drain(): Promise<void> {
    for (;;) {
      const segment = this.#segments[0];
      if (segment === undefined) return;
      try {
        await this.#write(segment);
        this.written += segment.lines;
      } catch (error) {
        await this.#giveUp();
        // What waits behind it may rest on an order that it held.
        for (const { lines, bytes } of this.#segments) {
          this.#drop(lines, 'failed-write', (error as Error).message);
          this.#waiting -= bytes;
        }
        this.#segments.length = 0;
        return;
      }
      this.#segments.shift();
      this.#waiting -= segment.bytes;
    }
  }

  async #write({ file, text, bytes }: Segment): Promise<void> {
    if (this.#handle !== null && this.#open !== file) await this.#rotate();
    this.#open = file;
    const handle = (this.#handle ??= await this.#start());
    await handle.appendFile(text);
    this.#length += bytes;
  }

  /** Opens the log where it was left; half a line, of a crash, is cut off. */
  async #start(): Promise<FileHandle> {
    await mkdir(this.#options.folder, { recursive: true });
    const handle = await open(this.#path(0), 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      this.#length = await endOfLastLine(handle, size);
      if (this.#length < size) await handle.truncate(this.#length);
      if (!this.#isBegun) this.#fileBytes += this.#length;
      this.#isBegun = true;
      return handle;
    } catch (error) {
      await handle.close().catch(() => {});
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    const { keep } = this.#options;
    await this.#handle!.close().catch(() => {});
    this.#handle = null;
    await rm(this.#path(keep), { force: true });
    for (let age = keep; age > 0; age--) {
      await rename(this.#path(age - 1), this.#path(age)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    if (keep === 0) await rm(this.#path(0), { force: true });
  }

  /** After a failed write the file ends where it ended before, and is opened anew. */
  async #giveUp(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.truncate(this.#length).catch(() => {});
    await handle?.close().catch(() => {});
  }

  #path(age: number): string {
    return join(this.#options.folder, age === 0 ? 'decisions.jsonl' : `decisions.${age}.jsonl`);
  }
}

/** Length of a file up to its last line break. */
async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    await handle.read(chunk, 0, end - start, start);
    const at = chunk.subarray(0, end - start).lastIndexOf(10);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
