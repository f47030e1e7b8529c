import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fleet } from '../backends/fleet.ts';
import type { DecisionRecorder } from '../decisions/decision-recorder.ts';
import { Failure } from '../failure.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Canary } from './canary.ts';
import type { Freshness } from './freshness.ts';
import { type ArtifactFiles, Incomplete, loadArtifact, readArtifact } from './load-artifact.ts';
import { type OpenOptions, openRouter } from './open-router.ts';
import type { LoadError, PolicyCell } from './policy-cell.ts';
import type { Refusals } from './refusals.ts';
import type { Shadow } from './shadow.ts';
import { tryRecent } from './try-recent.ts';
import type { Trust } from './verify-signature.ts';
import type { WatchWindow } from './watch-window.ts';

/** How long a half-written folder is no news, in ms. */
const WRITING = 2_000;
/** Artifacts that wait for their turn. */
const WAITING = 16;

/** What came of an artifact. `unchanged`: nothing new, or it serves already. `overtaken`: another one serves than was expected. */
export type LoadResult =
  | { readonly result: 'unchanged' | 'swapped' | 'overtaken' | 'busy' }
  | { readonly result: 'refused'; readonly message: string };

/** What all the ways of changing the policy share. */
export interface LoaderParts {
  readonly cell: PolicyCell;
  readonly fleet: Fleet;
  readonly window: WatchWindow;
  readonly trail: AuditTrail;
  readonly refusals: Refusals;
  readonly freshness: Freshness;
  readonly canary: Canary;
  readonly shadow: Shadow;
  readonly recorder: DecisionRecorder;
}

/** How an artifact is taken in: it serves all, a share of the callers in percent, or nobody. */
export type Entry = 'all' | 'shadow' | { readonly canary: number };

/** An artifact that somebody hands in. */
export interface Offer {
  /** Reads it; what it throws is the reason of a refusal. */
  readonly read: () => Promise<ArtifactFiles> | ArtifactFiles;
  /** Where it comes from, for `LiveRouter.source`. */
  readonly source: string;
  readonly by: string;
  /** May it take the place of the router with this hash? */
  readonly replaces: (active: string) => boolean;
  /** Everything, where it does not say. */
  readonly entry?: Entry;
}

/**
 * Brings new artifacts into the cell, one at a time, and no broken one: what served before goes on serving. Its folder is followed: a
 * content that was not there at the last look is loaded; one that is, only when asked to.
 */
export class PolicyLoader {
  readonly #parts: LoaderParts;
  readonly #options: OpenOptions;
  readonly #folder: string;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** The files and the hash that the folder held when it was last whole. */
  #mark = '';
  #seen: string | null = null;
  #unreadable: { readonly mark: string; readonly since: number; told: boolean } | null = null;
  /** The error that tells of the folder's state: it ends with it. */
  #told: LoadError | null = null;

  constructor(parts: LoaderParts, options: OpenOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#folder = options.source;
  }

  /** Keys that must vouch for an artifact, whatever way it comes. */
  get trust(): Trust | null {
    return this.#options.trust;
  }

  /** Looks whether the folder holds something new; cheap where nothing changed. */
  async look(): Promise<LoadResult> {
    const mark = await markFiles(this.#folder);
    if (mark !== this.#mark) return this.#follow(mark, 'folder', false);
    this.#parts.freshness.confirm('artifact');
    return { result: 'unchanged' };
  }

  /** Loads what the folder holds, even where something else took its place in the meantime. */
  async load(by: string): Promise<LoadResult> {
    return this.#follow(await markFiles(this.#folder), by, true);
  }

  /** Takes what somebody hands in. */
  offer(offer: Offer): Promise<LoadResult> {
    return this.#inTurn(async () => {
      try {
        return await this.#admit(await offer.read(), offer);
      } catch (error) {
        return this.#refuse(describe(error), null, offer.by);
      }
    });
  }

  #follow(mark: string, by: string, asked: boolean): Promise<LoadResult> {
    return this.#inTurn(async () => {
      const { freshness } = this.#parts;
      try {
        const files = await readArtifact(this.#folder, this.trust);
        const { hash } = files.manifest;
        this.#unreadable = null;
        this.#mark = mark;
        freshness.confirm('artifact');
        const news = hash !== this.#seen;
        this.#seen = hash;
        const loaded: LoadResult =
          asked || news ? await this.#admit(files, { source: this.#folder, by, replaces: () => true }) : { result: 'unchanged' };
        if (loaded.result === 'unchanged') this.#mend(hash);
        return this.#tell(loaded);
      } catch (error) {
        if (error instanceof Incomplete) return this.#tell(this.#postpone(mark, error, by));
        this.#mark = mark;
        return this.#tell(this.#refuse(describe(error), null, by));
      }
    });
  }

  /** An error that told of the folder ends when the folder holds something else. */
  #mend(hash: string): void {
    const { cell, refusals } = this.#parts;
    if (this.#told === null || cell.lastError !== this.#told || this.#told.hash === hash) return;
    const refused = hash === cell.active.hash ? null : refusals.reasonFor(hash);
    if (refused === null) cell.lastError = null;
    else this.#told = cell.fail(refused, hash);
  }

  #tell(loaded: LoadResult): LoadResult {
    if (loaded.result === 'refused') this.#told = this.#parts.cell.lastError;
    return loaded;
  }

  /** Opens a verified artifact and swaps it in. */
  async #admit(files: ArtifactFiles, offer: Omit<Offer, 'read'>): Promise<LoadResult> {
    const { cell, fleet, refusals, trail, window, canary, shadow, recorder } = this.#parts;
    const { hash } = files.manifest;
    const entry = offer.entry ?? 'all';
    if (!offer.replaces(cell.active.hash)) return { result: 'overtaken' };
    if (entry === 'shadow') {
      try {
        shadow.start(await loadArtifact(files), offer.source, offer.by);
        return { result: 'swapped' };
      } catch (error) {
        // What serves is not touched by it, and `lastError` speaks of that.
        const message = describe(error);
        trail.add('refused', cell.active.hash, hash, offer.by, message);
        return { result: 'refused', message };
      }
    }
    if (hash === cell.active.hash) return { result: 'unchanged' };
    if (hash === cell.canary?.hash) {
      if (entry === 'all') canary.promote(offer.by);
      else canary.resize(entry.canary, offer.by);
      return { result: 'swapped' };
    }
    const refused = refusals.reasonFor(hash);
    if (refused !== null) return this.#refuse(refused, hash, offer.by);
    try {
      const artifact = await loadArtifact(files);
      const recent = await tryRecent(artifact, recorder);
      // Requests were served meanwhile, and a watch window may have rolled back.
      if (!offer.replaces(cell.active.hash)) return { result: 'overtaken' };
      const { router } = openRouter(artifact, fleet, { ...this.#options, source: offer.source });
      if (entry !== 'all') {
        canary.start(router, entry.canary, offer.by, recent);
        return { result: 'swapped' };
      }
      const from = cell.active.hash;
      cell.swap(router);
      trail.add('swapped', from, hash, offer.by, null, recent);
      window.open(offer.by);
      return { result: 'swapped' };
    } catch (error) {
      const message = describe(error);
      refusals.add(hash, message);
      return this.#refuse(message, hash, offer.by);
    }
  }

  #refuse(message: string, hash: string | null, by: string): LoadResult {
    const { cell, trail } = this.#parts;
    cell.fail(message, hash);
    trail.add('refused', cell.active.hash, hash, by, message);
    return { result: 'refused', message };
  }

  /** Files are replaced one by one: only what stays half-written, or gone, is an error, and it is told once. */
  #postpone(mark: string, error: Incomplete, by: string): LoadResult {
    this.#mark = '';
    if (this.#unreadable?.mark !== mark) this.#unreadable = { mark, since: Date.now(), told: false };
    if (this.#unreadable.told || Date.now() - this.#unreadable.since < WRITING) return { result: 'unchanged' };
    this.#unreadable.told = true;
    return this.#refuse(error.message, null, by);
  }

  async #inTurn(act: () => Promise<LoadResult>): Promise<LoadResult> {
    if (this.#waiting >= WAITING) return { result: 'busy' };
    this.#waiting++;
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Failure ? error.message : `the artifact can't be loaded: ${(error as Error).message} [artifact-broken]`;
}

/** What the system says of the files that make an artifact; follows links, so that a replaced folder behind one is seen. */
async function markFiles(folder: string): Promise<string> {
  const marks = ['manifest.json', 'router.js', 'manifest.sig'].map(async (name) => {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(join(folder, name));
      return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
    } catch {
      return 'gone';
    }
  });
  return (await Promise.all(marks)).join();
}
