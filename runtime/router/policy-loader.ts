import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fleet } from '../backends/fleet.ts';
import { Failure } from '../failure.ts';
import type { Artifact } from './artifact.ts';
import { Incomplete, loadArtifact, readArtifact } from './load-artifact.ts';
import type { LiveRouter } from './live-router.ts';
import { type OpenOptions, openRouter } from './open-router.ts';
import type { LoadError, PolicyCell } from './policy-cell.ts';

/** Refused hashes that are remembered. */
const REFUSALS = 64;
/** How long a half-written folder is no news, in ms. */
const WRITING = 2_000;

/** What came of a look at the folder. */
export type LoadResult =
  | { readonly result: 'unchanged' }
  | { readonly result: 'swapped'; readonly router: LiveRouter; readonly from: string }
  | { readonly result: 'refused'; readonly message: string; readonly hash: string | null };

/** Brings new artifacts of one folder into the cell, and no broken one: what served before goes on serving. */
export class PolicyLoader {
  readonly #fleet: Fleet;
  readonly #options: OpenOptions;
  readonly #cell: PolicyCell;
  readonly #refused = new Set<string>();
  #mark = '';
  #told: LoadError | null = null;
  #unreadable: { readonly mark: string; readonly since: number; told: boolean } | null = null;

  constructor(cell: PolicyCell, fleet: Fleet, options: OpenOptions) {
    this.#cell = cell;
    this.#fleet = fleet;
    this.#options = options;
  }

  /** Cheap where nothing changed. */
  async look(): Promise<LoadResult> {
    const mark = await markFiles(this.#options.source);
    if (mark === this.#mark) return { result: 'unchanged' };
    return this.load(mark);
  }

  /** Reads the folder, and swaps where it holds a whole artifact with a hash that neither serves nor was refused. */
  async load(mark?: string): Promise<LoadResult> {
    const seen = mark ?? (await markFiles(this.#options.source));
    let hash: string | null = null;
    try {
      const files = await readArtifact(this.#options.source);
      this.#unreadable = null;
      this.#mark = seen;
      hash = files.manifest.hash;
      if (this.#refused.has(hash)) return { result: 'unchanged' };
      if (hash === this.#cell.active.hash) {
        // What served all the time is there again.
        if (this.#cell.lastError === this.#told) this.#cell.lastError = null;
        return { result: 'unchanged' };
      }
      return { result: 'swapped', from: this.#cell.active.hash, router: this.#swap(loadArtifact(files)) };
    } catch (error) {
      if (error instanceof Incomplete) return this.#postpone(seen, error);
      this.#mark = seen;
      const message = error instanceof Failure ? error.message : `the artifact can't be loaded: ${(error as Error).message}`;
      if (hash !== null) this.#remember(hash);
      this.#told = this.#cell.fail(message, hash);
      return { result: 'refused', message, hash };
    }
  }

  #swap(artifact: Artifact): LiveRouter {
    const { router } = openRouter(artifact, this.#fleet, this.#options);
    this.#cell.swap(router);
    return router;
  }

  /** Files are replaced one by one: only what stays half-written, or gone, is an error, and it is told once. */
  #postpone(mark: string, error: Incomplete): LoadResult {
    if (this.#unreadable?.mark !== mark) this.#unreadable = { mark, since: Date.now(), told: false };
    if (this.#unreadable.told || Date.now() - this.#unreadable.since < WRITING) return { result: 'unchanged' };
    this.#unreadable.told = true;
    this.#mark = mark;
    this.#told = this.#cell.fail(error.message, null);
    return { result: 'refused', message: error.message, hash: null };
  }

  #remember(hash: string): void {
    if (this.#refused.size >= REFUSALS) this.#refused.delete(this.#refused.values().next().value!);
    this.#refused.add(hash);
  }
}

/** What the system says of the files that make an artifact; follows links, so that a replaced folder behind one is seen. */
async function markFiles(folder: string): Promise<string> {
  const marks = ['manifest.json', 'router.js'].map(async (name) => {
    try {
      const { ino, size, mtimeMs } = await stat(join(folder, name));
      return `${ino}:${size}:${mtimeMs}`;
    } catch {
      return 'gone';
    }
  });
  return (await Promise.all(marks)).join();
}
