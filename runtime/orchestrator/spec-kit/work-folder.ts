import { constants, readlinkSync } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { OrchestratorError } from '../orchestrator-error.ts';

/** A folder that is held open: what is done by `path` is done there, whatever becomes of its name. */
export interface HeldFolder {
  /** Names in it: `path` + '/' + name. */
  readonly path: string;
  readonly handle: FileHandle;
}

/** Whether the system shows open files by their number: then a folder that is held cannot be exchanged for another. */
const BY_NUMBER = process.platform === 'linux';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/** A plain name: no path, no option, nothing that a terminal or a file system reads as something else. */
export const FEATURE = '^[A-Za-z0-9](?:[A-Za-z0-9_-]|\\.(?!\\.)){0,127}$';
const PLAIN = new RegExp(FEATURE);

/** The folder that Spec-Kit works in, and the only one that is touched. */
export class WorkFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where it really is. @throws OrchestratorError 503 where it is not there. */
  async root(): Promise<string> {
    try {
      return await realpath(this.#folder);
    } catch {
      throw new OrchestratorError(
        503,
        'no_work_folder',
        'the folder of `--spec-kit` is not there [spec-kit] help: create it, or name another one',
      );
    }
  }

  /**
   * Holds a feature's folder, `specs/<feature>`. Whoever calls it closes its handle.
   *
   * @throws OrchestratorError 404 where there is none, 403 where it is elsewhere.
   */
  async holdFeature(feature: string): Promise<HeldFolder> {
    if (!PLAIN.test(feature)) throw unknownFeature(feature);
    const root = await this.root();
    let handle: FileHandle;
    try {
      // A link would be followed to wherever it leads: neither of the two may be one.
      if (!(await lstat(join(root, 'specs'))).isDirectory()) throw outside(feature);
      handle = await open(join(root, 'specs', feature), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') throw unknownFeature(feature);
      if (code === 'ELOOP' || code === 'ENOTDIR') throw outside(feature);
      throw error;
    }
    const path = BY_NUMBER ? `/proc/self/fd/${handle.fd}` : join(root, 'specs', feature);
    try {
      // After it was opened: what it was before may have been something else.
      const real = BY_NUMBER ? readlinkSync(path) : await realpath(path);
      if (!isInside(join(root, 'specs'), real)) throw outside(feature);
      return { path, handle };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function unknownFeature(feature: string): OrchestratorError {
  const message = `there is no feature \`${feature}\` [unknown-feature] help: a feature is a folder \`specs/<feature>\` of the work folder`;
  return new OrchestratorError(404, 'unknown_feature', message);
}

function outside(feature: string): OrchestratorError {
  const message = `the feature \`${feature}\` leads out of the work folder [outside] help: replace the link by a folder`;
  return new OrchestratorError(403, 'outside_work_folder', message);
}
