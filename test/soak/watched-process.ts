import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Policyd } from '../e2e/policyd.ts';

/** What a process holds. Bytes; NaN and empty where the system does not tell. */
export interface Held {
  /** Ms since the first request. */
  readonly at: number;
  readonly requests: number;
  /** After a collection. */
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  /** Open file descriptors by what they are. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** What keeps the process alive, by kind. */
  readonly handles: Readonly<Record<string, number>>;
}

interface Answer {
  readonly id: number;
  readonly result: { readonly result: { readonly value: string } };
}

const QUESTION = `(() => {
  const kinds = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const { heapUsed, external } = process.memoryUsage();
  return JSON.stringify({ kinds, heapUsed, external });
})()`;

/** A policyd that was started with `MEASURABLE`, asked through its inspector and `/proc`. */
export class WatchedProcess {
  readonly #pid: number;
  readonly #inspector: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(pid: number, inspector: WebSocket) {
    this.#pid = pid;
    this.#inspector = inspector;
    inspector.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async open(policyd: Policyd): Promise<WatchedProcess> {
    const inspector = new WebSocket(/Debugger listening on (ws:\S+)/.exec(policyd.output)![1]!);
    await new Promise((resolve) => inspector.addEventListener('open', resolve, { once: true }));
    return new WatchedProcess(policyd.process.pid!, inspector);
  }

  async look(at: number, requests: number): Promise<Held> {
    await this.#ask('HeapProfiler.collectGarbage');
    await this.#ask('HeapProfiler.collectGarbage');
    const { result } = await this.#ask('Runtime.evaluate', { expression: QUESTION });
    const { kinds, heapUsed, external } = JSON.parse(result.result.value) as {
      kinds: Record<string, number>;
      heapUsed: number;
      external: number;
    };
    return { at, requests, heap: heapUsed, external, rss: this.#readMemory(), descriptors: this.#readDescriptors(), handles: kinds };
  }

  close(): void {
    this.#inspector.close();
  }

  #ask(method: string, params: object = {}): Promise<Answer> {
    const id = ++this.#asked;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#inspector.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  #readMemory(): number {
    try {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))?.[1]) * 1024;
    } catch {
      return Number.NaN;
    }
  }

  #readDescriptors(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const link of listLinks(`/proc/${this.#pid}/fd`)) {
      const kind = /^(socket|pipe|anon_inode)/.exec(link)?.[1] ?? 'file';
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }
}

function listLinks(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
