import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file in which every process that is started leaves a line: what was really run, whoever says what. */
export class MarkFile {
  readonly #folder: string;
  readonly #file: string;

  constructor() {
    // Workloads run as another user.
    this.#folder = mkdtempSync(join(tmpdir(), 'policyd-marks-'));
    chmodSync(this.#folder, 0o777);
    this.#file = join(this.#folder, 'marks');
    writeFileSync(this.#file, '');
    chmodSync(this.#file, 0o666);
  }

  /** A command that leaves `mark`, then does `more`. */
  command(mark: string, more = ':'): string[] {
    return ['/bin/sh', '-c', `echo "${mark}" >> "$0"; ${more}`, this.#file];
  }

  /** How often each mark was left. */
  get counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
    return counts;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
