import type { Manifest, TargetConfig } from '../../schema/manifest.ts';
import type { RouterModule } from '../../schema/router.ts';
import type { Backend } from '../backends/backend.ts';
import type { LiveState } from './live-state.ts';
import type { RouterTally } from './router-tally.ts';

/** A target with everything that carrying out a decision needs, so that a row number is all a decision has to give. */
export interface Route {
  readonly row: number;
  readonly config: TargetConfig;
  readonly backend: Backend;
  /** `backend/model`. */
  readonly name: string;
  /** An unknown price counts as one. */
  readonly priced: boolean;
}

/** A router that serves, with the world it sees. Requests keep the one they started with. */
export interface LiveRouter {
  readonly hash: string;
  readonly loadedAt: Date;
  /** Folder it was loaded from, or `upload`. */
  readonly source: string;
  readonly manifest: Manifest;
  readonly module: RouterModule;
  readonly state: LiveState;
  readonly backends: readonly Backend[];
  /** By target row. */
  readonly routes: readonly Route[];
  /** Caller rows by the SHA-256 of their key, in hex. */
  readonly callers: ReadonlyMap<string, number>;
  /** Requests that started with it and are not answered. */
  inFlight: number;
  readonly tally: RouterTally;
  /** Its backends may be gone: no request begins with it any more. */
  closed: boolean;
}
