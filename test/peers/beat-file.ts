import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A time during which a process left beats, in ms since 1970. */
export interface Life {
  readonly who: string;
  readonly first: number;
  readonly last: number;
  readonly beats: number;
}

/** A file in which every process of a workload leaves a beat again and again: which lived when, whoever says what. */
export class BeatFile {
  readonly #folder: string;
  readonly #file: string;

  constructor() {
    // Workloads run as another user.
    this.#folder = mkdtempSync(join(tmpdir(), 'policyd-beats-'));
    chmodSync(this.#folder, 0o777);
    this.#file = join(this.#folder, 'beats');
    writeFileSync(this.#file, '');
    chmodSync(this.#file, 0o666);
  }

  /** A command that beats so many times, 50 ms apart, then ends well; deaf to being asked to end before. */
  command(beats: number): string[] {
    const script = `trap '' TERM; i=0; while [ $i -lt ${beats} ]; do echo "$$ $(date +%s%3N)" >> "$0"; i=$((i+1)); sleep 0.05; done`;
    return ['/bin/sh', '-c', script, this.#file];
  }

  /** The processes, in the order in which they began. */
  get lives(): Life[] {
    const lives = new Map<string, Life>();
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      const [who, at] = line.split(' ');
      if (at === undefined) continue;
      const life = lives.get(who);
      lives.set(who, { who, first: life?.first ?? Number(at), last: Number(at), beats: (life?.beats ?? 0) + 1 });
    }
    return [...lives.values()];
  }

  /** Pairs of processes that lived at the same time. */
  get overlaps(): [Life, Life][] {
    const lives = this.lives.sort((one, other) => one.first - other.first);
    return lives.flatMap((life, at) =>
      lives
        .slice(at + 1)
        .filter(({ first }) => first <= life.last)
        .map((other): [Life, Life] => [life, other]),
    );
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
