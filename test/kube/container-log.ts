/** Bytes from which on containerd writes a line in parts. */
const PART = 16 * 1024;

interface Entry {
  readonly stamp: string;
  readonly bytes: Buffer;
  /** Is it the beginning of a line? */
  readonly first: boolean;
}

/** The log of a container as a kubelet keeps it: entries with a time stamp each; after a rotation only those that came later. */
export class ContainerLog {
  readonly #entries: Entry[] = [];
  #forgotten = 0;
  #rest: Buffer = Buffer.alloc(0);
  #first = true;
  #ended = false;
  #last = 0n;
  /** What comes has the time stamp of what came before. */
  still = false;
  #stamp = '';
  readonly #wake = new Set<() => void>();

  /** `conmon` (CRI-O) writes what it read at once, as a part where no line ends; containerd waits for the line or 16 KiB. */
  readonly #eager: boolean;

  constructor(runtime: 'containerd' | 'conmon' = 'containerd') {
    this.#eager = runtime === 'conmon';
  }

  write(chunk: Buffer): void {
    let data = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const newline = data.indexOf(10);
      if (newline >= 0 && newline < PART) {
        this.#add(data.subarray(0, newline + 1), true);
        data = data.subarray(newline + 1);
      } else if (data.length >= PART) {
        this.#add(data.subarray(0, PART), false);
        data = data.subarray(PART);
      } else break;
    }
    this.#rest = data;
    if (this.#eager && data.length > 0) {
      this.#add(data, false);
      this.#rest = Buffer.alloc(0);
    }
  }

  end(): void {
    if (this.#rest.length > 0) this.#add(this.#rest, false);
    this.#rest = Buffer.alloc(0);
    this.#ended = true;
    this.#notify();
  }

  /** A new file begins; what is in the old one cannot be read any more. */
  rotate(): void {
    this.#forgotten = this.#entries.length;
  }

  async *read(options: { follow: boolean; timestamps: boolean; since: string | null }, signal: AbortSignal): AsyncGenerator<Buffer> {
    for (let at = this.#forgotten; !signal.aborted; ) {
      if (at < this.#entries.length) {
        const { stamp, bytes, first } = this.#entries[at];
        at += 1;
        if (options.since !== null && stamp.slice(0, 19) < options.since.slice(0, 19)) continue;
        yield options.timestamps && first ? Buffer.concat([Buffer.from(`${stamp} `), bytes]) : bytes;
      } else if (!options.follow || this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            this.#wake.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          this.#wake.add(wake);
          signal.addEventListener('abort', wake);
        });
      }
    }
  }

  #add(bytes: Buffer, full: boolean): void {
    const nanos = BigInt(Date.now()) * 1_000_000n;
    this.#last = nanos > this.#last ? nanos : this.#last + 1n;
    if (!this.still || this.#stamp === '')
      this.#stamp = `${new Date(Number(this.#last / 1_000_000n)).toISOString().slice(0, 19)}.${String(this.#last % 1_000_000_000n).padStart(9, '0')}Z`;
    this.#entries.push({ stamp: this.#stamp, bytes: Buffer.from(bytes), first: this.#first });
    this.#first = full;
    this.#notify();
  }

  #notify(): void {
    for (const wake of [...this.#wake]) wake();
  }
}
